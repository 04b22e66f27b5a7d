/** Exports of native/binding/llama.cpp. */
export type LlamaAddon = object;
