/** Rules of properties that are commands: lists of words that no shell ever sees. */
import { plainText, quoted } from '../plain-text.ts';
import type { PropertyRule } from './definition.ts';
import { textsRule } from './property-rules.ts';

/** Stands in a command for the path of the file that it is about. */
export const filePlaceholder = '{file}';
harden(filePlaceholder);

const wordRule: PropertyRule = (value) =>
  (value as string).includes('\0') ? 'must not have a null character' : undefined;

/** `["nginx", "-t"]`: the program, and what it is told. */
export const commandRule: PropertyRule = (value) => {
  if (typeof value === 'string') {
    return `must be a list of words, such as ["systemctl", "daemon-reload"], not ${quoted(value)}: no shell takes it apart`;
  }
  const problem = textsRule('words', wordRule)(value);
  if (problem !== undefined) return problem;
  const [program] = value as readonly string[];
  if (program === undefined) return 'must not be empty';
  // `A=b` in front sets a variable in a shell only; here that is for the environment.
  return /^[^=\s]+$/.test(program) ? undefined : `must begin with a program, not ${quoted(program)}`;
};
harden(commandRule);

/** A command about a file. */
export const fileCommandRule: PropertyRule = (value) => {
  const problem = commandRule(value);
  if (problem !== undefined) return problem;
  return (value as readonly string[]).some((word) => word.includes(filePlaceholder))
    ? undefined
    : `must have ${filePlaceholder} where the path of the candidate goes`;
};
harden(fileCommandRule);

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Variables of an environment: texts and numbers by name. */
export const environmentRule: PropertyRule = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `must be a mapping of names to texts, not ${quoted(value)}`;
  }
  // It would be taken for the name of a secret (secret-references.ts).
  if (Object.hasOwn(value, 'secret')) return 'must not have a variable secret: no secret goes into an environment';
  const entries = Object.entries(value);
  if (entries.length > 100) return `must not be over 100 variables; there are ${entries.length}`;
  for (const [name, text] of entries) {
    if (!NAME.test(name)) return `has a name ${quoted(name)}, and names are letters, digits and underscores`;
    if (typeof text !== 'string' && typeof text !== 'number') return `${name} must be text, not ${quoted(text)}`;
    if (plainText(String(text), 4_000) !== String(text)) return `${name} must be one printable line`;
  }
  return undefined;
};
harden(environmentRule);

/** Of who runs a command. A number would leave open whose groups and home it gets. */
export const userNameRule: PropertyRule = (value) =>
  typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(value)
    ? undefined
    : `must be the name of a user, not ${quoted(value)}`;
harden(userNameRule);
