/** Writes docs/reference/errors.md from src/errors/codes.ts: `npm run errors-page`, after a code was added or changed. */
import '../src/lockdown.ts';
import { writeFileSync } from 'node:fs';
import { errorCodes } from '../src/errors/codes.ts';

const rows = Object.entries(errorCodes)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);

const page = `# Errors

Every error that gobs itself makes has a code, which stays the same when the wording changes. Scripts should look at the
code, people at the rest:

\`\`\`
NO_SUCH_MACHINE: web7: there is no machine of that name
hint: gobs machine list shows those that there are
\`\`\`

The first line is the code and what happened, the thing itself first. The second, where there is one, says what to do. The same
text arrives whether the error was made in this process or on another machine. \`UNEXPECTED\` stands for an error without a
code: a mistake in gobs or in a plugin, worth a report.

| code | what it means |
|---|---|
${rows.join('\n')}
`;

writeFileSync(new URL('../docs/reference/errors.md', import.meta.url), page);
