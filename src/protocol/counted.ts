/** `1 row`, `2 rows`: for people. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
harden(counted);
