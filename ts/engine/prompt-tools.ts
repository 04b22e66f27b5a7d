import type { SpecialTokens } from '../tasks/prompt.js';
import type { TaskTools } from '../tasks/task.js';
import type { Model } from './model.js';

/** What tasks and prompts may ask of a model: its tokenizer and its chat template. */
export function promptTools(model: Model): TaskTools {
  const { chatTemplate } = model.info;
  return {
    tokenize: (text) => model.tokenize(text),
    detokenize: (tokens) => model.detokenize(tokens),
    chatTemplate: chatTemplate === '' ? undefined : chatTemplate,
  };
}

/** The model's special tokens, as its chat template and the start of a prompt need them. */
export function specialTokens(model: Model): SpecialTokens {
  const { bos, eos, addBos } = model.info;
  const text = (token: number) =>
    token < 0 ? '' : model.detokenize(Int32Array.of(token), { special: true });
  return { bosToken: text(bos), eosToken: text(eos), bosId: addBos ? bos : undefined };
}
