import type { TaskTools } from '../../ts/tasks/task.js';

/** A tokenizer small enough to follow by eye: words with their blank, digits one by one, all else a character each. */
export function toyTools(chatTemplate?: string): TaskTools {
  const ids = new Map<string, number>();
  const texts: string[] = [];
  const idOf = (piece: string) => {
    const known = ids.get(piece);
    if (known !== undefined) return known;
    ids.set(piece, texts.length);
    texts.push(piece);
    return texts.length - 1;
  };
  return {
    tokenize: (text) => Int32Array.from(text.match(/<\|\w+\|>| ?[A-Za-z]+|[\s\S]/gu) ?? [], idOf),
    detokenize: (tokens) => Array.from(tokens, (token) => texts[token]).join(''),
    chatTemplate,
  };
}
