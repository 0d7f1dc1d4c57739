/** For frameworks that make a tool error of what a tool throws: the text is what the model is told. */
export class NotReleased extends Error {
  /** The machine form: status, and what belongs to it. */
  readonly data: Record<string, unknown>;

  constructor(text: string, data: Record<string, unknown>) {
    super(text);
    this.name = 'NotReleased';
    this.data = data;
  }
}
