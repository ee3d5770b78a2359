/**
 * Templates of files: Liquid (https://shopify.github.io/liquid/), with `data` and what the host is. The same template, data and host give the same
 * text: there is no clock, no chance and no other file in it. A variable that is not there is an error, not an empty text; `default` and `if` may ask
 * for one.
 */
import { Liquid } from 'liquidjs/dist/liquid.browser.mjs';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { Facts, ResourceRecord } from '../../protocol/shapes.ts';

/** UTF-16 units, of a template and of what it gives. */
const LONGEST = 1_000_000;
/** What a rendering may take: things that the library counts, and milliseconds in which the hob does nothing else. */
const MEMORY = 10_000_000;
const LIMIT = 2_000;

/** What would read another file, and what would say something else each time. */
const tagsLeftOut = ['include', 'render', 'layout', 'block'];
const filtersLeftOut = /^(date.*|sample)$/;

const makeEngine = (): Liquid => {
  const engine = new Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    parseLimit: LONGEST,
    renderLimit: LIMIT,
    memoryLimit: MEMORY,
  });
  for (const tag of tagsLeftOut) delete engine.tags[tag];
  for (const filter of Object.keys(engine.filters)) if (filtersLeftOut.test(filter)) delete engine.filters[filter];
  return engine;
};

/** What stays as it is while nobody changes the host: what comes and goes by itself would make a template differ from one look to the next. */
const steadyFacts = ({ cpu, memory, disk, ...facts }: Facts) => {
  const { os, system, release, codename, kernel, architecture, hostname, addresses, hob } = facts;
  return {
    ...{ os, system, release, codename, kernel, architecture, hostname, addresses, hob },
    ...{ cpu, memory: { total: memory.total }, disk: { total: disk.total } },
  };
};

const TROUBLE = /^(.*), (?:file:.*, )?line:(\d+), col:\d+$/s;

/**
 * The rendered text. `thing` begins the message of CANNOT_CHANGE, which names the line of the template, and, if no `isSecret` says that the data hold
 * one, what is wrong.
 */
export const renderTemplate = (
  thing: string,
  template: string,
  data: ResourceRecord,
  facts: Facts,
  isSecret = false,
): string => {
  const refuse = (message: string, cause?: unknown): Error =>
    makeError('CANNOT_CHANGE', `${thing}: its template ${message}`, { cause });
  let text: string;
  try {
    const scope = { ...data, facts: steadyFacts(facts) };
    text = makeEngine().parseAndRenderSync(template, scope) as string;
  } catch (error) {
    const said = String((error as { message?: unknown }).message);
    const [, what = said, line] = TROUBLE.exec(said) ?? [];
    const where = line === undefined ? '' : `in line ${line} `;
    const why = isSecret ? 'why is not shown, as its data hold a secret' : plainText(what, 200);
    throw refuse(`${where}cannot be rendered: ${why}`, isSecret ? undefined : error);
  }
  if (text.length > LONGEST) throw refuse(`gives more than ${LONGEST} characters`);
  return text;
};
harden(renderTemplate);
