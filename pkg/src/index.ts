// What every entry exports.

export { BurrowError, type ErrorCode } from "./error.js";
export { newId, openStore, Store, type OpenOptions } from "./store.js";
export { ClaimedRuntime, Runtime } from "./runtime.js";
export type {
  Boundary,
  BoundaryCommit,
  Change,
  ChangeKind,
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
  WatchScope,
} from "./types.js";
