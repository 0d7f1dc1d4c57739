/** Markup of the console: tagged templates that make elements. A text in them is always text, whoever wrote it. */
import htm from 'htm';
import { type ComponentChildren, h, type VNode } from 'preact';

export type View = ComponentChildren;
type Html = (strings: TemplateStringsArray, ...values: unknown[]) => VNode;
// Its types are a CommonJS module's, its code is not.
export const html = (htm as unknown as { bind(make: typeof h): Html }).bind(h);
