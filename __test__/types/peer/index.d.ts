// Stands in for the peer package, which the development machines cannot fetch: its types as CONTRACT section 8 has them.

import type { Reviewer } from "./adapter.js";

export type HitlField =
  | { kind: "text"; label: string; default?: string }
  | { kind: "textarea"; label: string; default?: string }
  | { kind: "select"; label: string; options: readonly string[]; default?: string }
  | { kind: "confirm"; label: string; default?: boolean };

export interface HumanActionDef {
  id: string;
  label?: string;
  submitLabel?: string;
  closeLabel?: string;
  style?: "primary" | "danger" | "default";
  fields?: Record<string, HitlField>;
}

export type HumanResult<Actions extends readonly HumanActionDef[] = readonly HumanActionDef[]> =
  | { type: "TIMED_OUT"; id: string; externalRef: string }
  | {
      type: "RESOLVED";
      actionId: Actions[number]["id"];
      id: string;
      externalRef: string;
      by?: Reviewer;
      feedbacks: Record<string, string>;
      edited?: boolean;
    };
