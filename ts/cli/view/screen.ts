/** What of a terminal's stream is used here. */
export interface TerminalStream {
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * A block of lines at the end of a terminal that is redrawn in place; lines printed above it stay.
 * Knows no more of terminals than "up n lines" and "erase to the end".
 */
export class Screen {
  readonly #stream: TerminalStream;
  #drawn: readonly string[] = [];

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  get width(): number {
    return Math.max(20, this.#stream.columns || 80); // some pseudo-terminals say 0
  }

  draw(lines: readonly string[]): void {
    if (lines.length === this.#drawn.length && lines.every((line, i) => line === this.#drawn[i]))
      return;
    this.#stream.write(this.#eraseCode() + lines.map((line) => `${line}\n`).join(''));
    this.#drawn = lines;
  }

  /** Prints lines that stay, above the block. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const block = this.#drawn;
    this.#stream.write(
      this.#eraseCode() + [...lines, ...block].map((line) => `${line}\n`).join(''),
    );
  }

  erase(): void {
    this.#stream.write(this.#eraseCode());
    this.#drawn = [];
  }

  #eraseCode(): string {
    return this.#drawn.length === 0 ? '' : `\u001b[${this.#drawn.length}A\u001b[0J`;
  }
}
