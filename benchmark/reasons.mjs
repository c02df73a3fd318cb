// Why a promise about speed is not kept, for the README: `{ operation: { column: reason } }` with the columns of
// bounds.mjs, and `{ [name of a claim]: reason }`. Only what the README says is not met is looked up.

export const REASONS = {};
