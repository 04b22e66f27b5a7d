/** Exports of native/binding/attention.cpp. */
export type AttentionAddon = object;
