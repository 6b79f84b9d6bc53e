import type { Callee, Preferences } from "./registrations.ts";

const isAny = (): boolean => true;

/** Whether its node is not about to end. */
const isStaying = ({ member }: Callee): boolean => !member.answerer.isDraining;

const isOwn = ({ member }: Callee): boolean => member.answerer === member;

export const ANY: Preferences = [isAny];

export const STAYING_FIRST: Preferences = [isStaying, isAny];

export const OWN_FIRST: Preferences = [isOwn, isStaying, isAny];
