export type { HitlField } from "./index.js";

export type Reviewer = { id?: string; name?: string; email?: string };
