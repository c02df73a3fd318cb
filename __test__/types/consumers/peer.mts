// The class is a `State`, and every type that we state is the peer's: each can stand for the other.

import type * as root from "@hitl-sdk/hitl";
import type * as adapter from "@hitl-sdk/hitl/adapter";
import type * as peer from "@hitl-sdk/hitl/state";
import type * as ours from "@hitl-sdk/state-ioredis";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : "ours is wider") : "ours is narrower";

// The same with optional properties taken apart: `a?: X` and `a?: X | undefined` differ under the strictest setting.
type Keys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? { optional: T[K] } : { required: T[K] } };
type Alike<A, B> = Same<A, B> extends true ? Same<Keys<A>, Keys<B>> : Same<A, B>;

export const alike: true[] = [
  true satisfies Alike<ours.NewHumanRequestRecord, peer.NewHumanRequestRecord>,
  true satisfies Alike<ours.HumanRequestRecord, peer.HumanRequestRecord>,
  true satisfies Alike<ours.NewBatchRecord, peer.NewBatchRecord>,
  true satisfies Alike<ours.BatchRecord, peer.BatchRecord>,
  true satisfies Alike<ours.NewNotifyDeliveryRecord, peer.NewNotifyDeliveryRecord>,
  true satisfies Alike<ours.NotifyDeliveryRecord, peer.NotifyDeliveryRecord>,
  true satisfies Alike<ours.TimelineEntry, peer.TimelineEntry>,
  true satisfies Alike<ours.InboxListOptions, peer.InboxListOptions>,
  true satisfies Alike<ours.InboxCountOptions, peer.InboxCountOptions>,
  true satisfies Alike<ours.InboxListResult, peer.InboxListResult>,
  true satisfies Alike<ours.HumanActions, peer.HumanActions>,
  true satisfies Alike<ours.HumanActionDef, root.HumanActionDef>,
  true satisfies Alike<ours.HumanResult, root.HumanResult>,
  true satisfies Alike<ours.HitlField, root.HitlField>,
  true satisfies Alike<ours.HitlField, adapter.HitlField>,
  true satisfies Alike<ours.Reviewer, adapter.Reviewer>,
  true satisfies Alike<ours.State, peer.State>,
];

// What a Hitl server does with it.
declare function hitl(options: { state: peer.State }): void;
declare const state: ours.IoredisState;
hitl({ state });

// A result for particular actions can be handed to `resolve`.
declare const decided: root.HumanResult<readonly [{ id: "approve" }, { id: "deny" }]>;
export const resolved: Promise<void> = state.resolve("apr_1", decided);
