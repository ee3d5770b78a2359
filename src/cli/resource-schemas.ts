/**
 * What editors are told of resources: a line for each type and each property, and what may stand there, as JSON Schema. The rules themselves are
 * src/protocol/resources; these never refuse what those let through (a test compares them), and let through what only a rule can tell.
 */

export interface PropertySchema {
  readonly description: string;
  readonly type?: 'string' | 'number' | 'boolean' | 'array' | 'object';
  readonly enum?: readonly (string | number | boolean)[];
  readonly pattern?: string;
  readonly items?: { readonly type: 'string' };
}

export interface TypeSchema {
  readonly description: string;
  readonly properties: Readonly<Record<string, PropertySchema>>;
}

const text = (description: string): PropertySchema => ({ description, type: 'string' });
const texts = (description: string): PropertySchema => ({ description, type: 'array', items: { type: 'string' } });
const only = (description: string, ...values: readonly (string | boolean)[]): PropertySchema => ({
  description,
  enum: values,
});

const absolute = (description: string): PropertySchema => ({ description, type: 'string', pattern: '^/' });
const mode = (left: string): PropertySchema => ({
  description: `Octal digits in quotes, such as "0644". ${left}`,
  type: 'string',
  pattern: '^[0-7]{3,4}$',
});
const owner = text('`user` or `user:group`, by name or number. Left out, it stays as it is.');
const absent = only('It is not to be there.', true);

/** What every resource may have. */
export const everyProperty: Readonly<Record<string, PropertySchema>> = harden({
  id: text('Its name, unique on the machine: for reports, `after` and `notify`.'),
  after: texts('Ids of those that come before it.'),
  notify: texts('Ids of those that are told when it was changed, and come after it.'),
  when: text('On which hosts, by their facts: `system=debian,architecture!=arm64`.'),
});
harden(everyProperty);

/** By type. */
export const typeSchemas: Readonly<Record<string, TypeSchema>> = harden({
  directory: {
    description: 'A directory. What is in it is not looked after.',
    properties: {
      path: absolute('Absolute.'),
      mode: mode('One that is made gets 0755; else it stays as it is.'),
      owner,
      absent: only('It is not to be there; only an empty one is taken away.', true),
    },
  },
  file: {
    description: 'A regular file. What is left out stays as it is on the host.',
    properties: {
      path: absolute('Absolute.'),
      content: text('All of it. Left out: only existence, mode and owner are looked after.'),
      mode: mode('One that is made gets 0644; else it stays as it is.'),
      owner,
      absent,
    },
  },
  line: {
    description: 'One line in a text file that others look after.',
    properties: {
      path: absolute('Of the file.'),
      line: text('The whole line.'),
      prefix: text('What the line begins with: the last line that begins so is replaced.'),
      absent: only('No line is to be this one.', true),
    },
  },
  noop: {
    description: 'Nothing: a place in the order, or a template for types.',
    properties: { note: text('For whoever reads the document.') },
  },
  symlink: {
    description: 'A symbolic link.',
    properties: {
      path: absolute('Of the link.'),
      target: text('As it is stored in the link; not followed.'),
      owner: text('Of the link itself: `user` or `user:group`.'),
      absent,
    },
  },
});
harden(typeSchemas);
