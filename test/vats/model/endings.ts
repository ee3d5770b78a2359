/** How a child of the model test ends. */
export const endings = { noDifference: 0, difference: 42 } as const;
