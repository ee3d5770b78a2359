/** Text of somebody else in what is told of it: so much of it. The rest is let go of: a part of a text keeps the whole in memory, unless it is copied. */
import { Buffer } from 'node:buffer';

export const brief = (text: string, most: number): string =>
  text.length <= most ? text : `${Buffer.from(text.slice(0, most)).toString()}…`;
harden(brief);
