/** `owner: user` or `owner: user:group`, each a name or a number. Pure. */

export type Account = string | number;

export interface Owner {
  readonly user: Account;
  /** Undefined: the group stays as it is. */
  readonly group?: Account;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/;
const NUMBER = /^(0|[1-9][0-9]{0,9})$/;
/** The one above means "leave it" to chown(2). */
const LARGEST_ID = 2 ** 32 - 2;

const parseAccount = (text: string): Account | undefined => {
  if (NAME.test(text)) return text;
  return NUMBER.test(text) && Number(text) <= LARGEST_ID ? Number(text) : undefined;
};

/** Undefined if it is none. */
export const parseOwner = (text: string): Owner | undefined => {
  const [userText, groupText, ...rest] = text.split(':');
  const user = parseAccount(userText!);
  if (user === undefined || rest.length > 0) return undefined;
  if (groupText === undefined) return { user };
  const group = parseAccount(groupText);
  return group === undefined ? undefined : { user, group };
};
harden(parseOwner);
