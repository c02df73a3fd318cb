// Stands in for version 1.1.0 of the package under its own name: the campaign's model of it, constructed as users do.

import { JavascriptState } from "../../../campaign/javascript.mjs";

const DEFAULT_TABLE = "hitl.human_requests";

export class IoredisState extends JavascriptState {
  constructor(redis, { tableName = DEFAULT_TABLE } = {}) {
    super(redis, tableName.replace(".", ":"));
  }
}
