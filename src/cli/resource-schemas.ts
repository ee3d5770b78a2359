/**
 * What editors are told of resources: a line for each type and each property, and what may stand there, as JSON Schema. The rules themselves are
 * src/protocol/resources; these never refuse what those let through (a test compares them), and let through what only a rule can tell.
 */

type Named = 'string' | 'number' | 'boolean' | 'array' | 'object';

export interface PropertySchema {
  readonly description: string;
  readonly type?: Named | readonly Named[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly pattern?: string;
  readonly items?: { readonly type: 'string' };
  readonly anyOf?: readonly object[];
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

const number = (description: string): PropertySchema => ({ description, type: 'number' });
const flag = (description: string): PropertySchema => ({ description, type: 'boolean' });
const record = (description: string): PropertySchema => ({ description, type: 'object' });
const onlyTrue = (description: string): PropertySchema => only(description, true);
/** Or the name of a secret, which only the host gets to see. */
const sealed = (description: string): PropertySchema => ({
  description: `${description} Or { secret: NAME }.`,
  anyOf: [
    { type: 'string' },
    { type: 'object', properties: { secret: { type: 'string' } }, required: ['secret'], additionalProperties: false },
  ],
});

/** What every resource may have. */
export const everyProperty: Readonly<Record<string, PropertySchema>> = harden({
  id: text('Its name, unique on the machine: for reports, `after` and `notify`.'),
  after: texts('Ids of those that come before it.'),
  notify: texts('Ids of those that are told when it was changed, and come after it.'),
  when: text('On which hosts, by their facts: `system=debian,architecture!=arm64`.'),
});
harden(everyProperty);

const authorizedKey: TypeSchema = {
  description: "One public key in a user's ~/.ssh/authorized_keys.",
  properties: {
    user: text('By name.'),
    key: text('As in a .pub file: `ssh-ed25519 AAAA… comment`.'),
    options: text('As sshd(8) has them: `restrict,command="backup"`. Left out: none.'),
    absent,
  },
};

const cron: TypeSchema = {
  description: 'A job of cron, alone in /etc/cron.d/NAME.',
  properties: {
    name: text('Of the file: letters, digits, - and _.'),
    schedule: text('Five fields, `30 3 * * mon-fri`, or `@daily` and its like.'),
    command: text('One line for /bin/sh; a % is a %.'),
    user: text('Who runs it; left out: root.'),
    environment: record('Such as MAILTO.'),
    absent,
  },
};

const directory: TypeSchema = {
  description: 'A directory. What is in it is not looked after.',
  properties: {
    path: absolute('Absolute.'),
    mode: mode('One that is made gets 0755; else it stays as it is.'),
    owner,
    absent: onlyTrue('It is not to be there; only an empty one is taken away.'),
  },
};

const exec: TypeSchema = {
  description: 'A command that is run when it is due; whether it is must be seen without running it.',
  properties: {
    command: texts('The program and its words; no shell.'),
    creates: absolute('A path that is there once it was run.'),
    unless: texts('A command that changes nothing, and ends with 0 once it was run.'),
    'only-notified': onlyTrue('It is due when something that names it in `notify` was changed.'),
    user: text('Who runs it; left out: root.'),
    cwd: absolute('A directory; left out: `/`.'),
    environment: record('Variables. Not for secrets.'),
    deadline: number('Seconds, from 1 to 3600; left out: 300.'),
  },
};

const file: TypeSchema = {
  description: 'A regular file. What is left out stays as it is on the host.',
  properties: {
    path: absolute('Absolute.'),
    content: sealed('All of it.'),
    template: text('Liquid, rendered on the host: `listen {{ port }} on {{ facts.hostname }};`.'),
    data: record('For the template.'),
    validate: texts(
      'A command that must end with 0 before the new content takes its place: ["visudo", "-cf", "{file}"].',
    ),
    mode: mode('One that is made gets 0644; else it stays as it is.'),
    owner,
    absent,
  },
};

const group: TypeSchema = {
  description: "A group in the host's own files.",
  properties: {
    name: text('Lower-case letters, digits, - and _.'),
    gid: number('Its number.'),
    system: onlyTrue("A new one gets a number of the system's own."),
    absent,
  },
};

const line: TypeSchema = {
  description: 'One line in a text file that others look after.',
  properties: {
    path: absolute('Of the file.'),
    line: text('The whole line.'),
    prefix: text('What the line begins with: the last line that begins so is replaced.'),
    absent: onlyTrue('No line is to be this one.'),
  },
};

const hostname: TypeSchema = {
  description: 'What the host is called, now and after the next boot.',
  properties: { name: text('Lower-case letters, digits, - and ., not over 64.') },
};

const noop: TypeSchema = {
  description: 'Nothing: a place in the order, or a template for types.',
  properties: { note: text('For whoever reads the document.') },
};

const packages: TypeSchema = {
  description: 'A package of Debian. Those that stand next to each other go in one transaction of apt.',
  properties: {
    name: text('`nginx`, or `libc6:i386` of another architecture.'),
    version: text('Exactly this one, older or newer.'),
    latest: onlyTrue('The newest version that apt would install.'),
    absent,
  },
};

const repository: TypeSchema = {
  description: 'A repository of packages for apt, with the key that is good for it alone.',
  properties: {
    name: text('Of its files: lower-case letters, digits, - and _.'),
    uris: texts('Where it is: `https://deb.example.org/debian`.'),
    suites: texts('`bookworm`, or `./` of a flat one.'),
    components: texts('`main`; a flat one has none.'),
    architectures: texts("Left out: the host's own."),
    types: texts('`deb`, which is meant if it is left out, or `deb-src`.'),
    key: text('The public key that signs it, armored or in base64.'),
    'signed-by': absolute('In its place: a key that is on the host.'),
    absent,
  },
};

const service: TypeSchema = {
  description: 'Whether a unit of systemd that others brought runs, and starts with the host.',
  properties: {
    name: text('`nginx` for nginx.service; another unit with its type: `logrotate.timer`.'),
    enabled: flag('Does it start with the host?'),
    running: flag('Does it run?'),
    masked: flag('Is it kept from starting at all?'),
    'on-notify': only('What it does when something that names it in `notify` was changed.', 'restart', 'reload'),
  },
};

const symlink: TypeSchema = {
  description: 'A symbolic link.',
  properties: {
    path: absolute('Of the link.'),
    target: text('As it is stored in the link; not followed.'),
    owner: text('Of the link itself: `user` or `user:group`.'),
    absent,
  },
};

const sysctl: TypeSchema = {
  description: 'A setting of the kernel, now and after the next boot.',
  properties: {
    key: text('`net.ipv4.ip_forward`.'),
    value: { description: 'A number, or words with one blank between.', type: ['string', 'number'] },
    absent: onlyTrue('It is not kept for the next boot any more.'),
  },
};

const unit: TypeSchema = {
  description: 'A unit file in /etc/systemd/system, or a drop-in.',
  properties: {
    name: text('With its type: `app.service`.'),
    content: sealed('All of the file.'),
    'drop-in': text('`10-limits`: the file is NAME.d/10-limits.conf, and adds to a unit of others.'),
    mode: mode('Left out: 0644.'),
    absent,
  },
};

const user: TypeSchema = {
  description: "A user in the host's own files.",
  properties: {
    name: text('Lower-case letters, digits, - and _.'),
    uid: number('Its number.'),
    group: text('The primary group, by name.'),
    groups: texts('All the groups that it is in beside that.'),
    home: absolute('As in /etc/passwd.'),
    shell: absolute('As in /etc/passwd.'),
    comment: text('As in /etc/passwd.'),
    'password-hash': sealed('As crypt(5) has it; never the password itself.'),
    locked: flag('No way in, by password or by key.'),
    system: onlyTrue("A new one gets a number of the system's own, and no home."),
    absent: onlyTrue('It is not to be there; its home stays.'),
  },
};

/** By type. */
export const typeSchemas: Readonly<Record<string, TypeSchema>> = harden({
  'authorized-key': authorizedKey,
  cron,
  directory,
  exec,
  file,
  group,
  hostname,
  line,
  noop,
  package: packages,
  repository,
  service,
  symlink,
  sysctl,
  unit,
  user,
});
harden(typeSchemas);
