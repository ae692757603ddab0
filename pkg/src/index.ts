// What every entry exports.

export { BurrowError, type ErrorCode } from "./error.js";
export { newId, openStore, Store, type OpenOptions } from "./store.js";
export { Runtime } from "./runtime.js";
export type {
  Boundary,
  BoundaryCommit,
  Durability,
  FoundSession,
  Input,
  InputState,
  InputStateChange,
  Json,
  LabelScope,
  Labels,
  LabelsEntry,
  OpsSnapshot,
  PageOptions,
  Receipt,
  RuntimeState,
  SelectedLabels,
  TerminalOutcome,
  Transition,
} from "./types.js";
