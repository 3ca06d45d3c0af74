import { arbOutage } from "./arbOutage.js";
import { beacon7 } from "./beacon7.js";
import { ethpowReplay } from "./ethpowReplay.js";
import { finalityStall } from "./finalityStall.js";
import { flapping } from "./flapping.js";
import { healthySoak } from "./healthySoak.js";
import { honestRedemption } from "./honestRedemption.js";
import { infuraMinorityFork } from "./infuraMinorityFork.js";
import { keeperKeyReuse } from "./keeperKeyReuse.js";
import { clientStateRoot } from "./ledgers/clientStateRoot.js";
import { dbRollback } from "./ledgers/dbRollback.js";
import { depositIdReuse } from "./ledgers/depositIdReuse.js";
import { insolventTotal } from "./ledgers/insolventTotal.js";
import { invalidTransition } from "./ledgers/invalidTransition.js";
import { lbMixedRpc } from "./ledgers/lbMixedRpc.js";
import { phantomMessage } from "./ledgers/phantomMessage.js";
import { threeTruths } from "./ledgers/threeTruths.js";
import { wrongConfigMajority } from "./ledgers/wrongConfigMajority.js";
import { marketIsolation } from "./marketIsolation.js";
import { opUnsafeStall } from "./opUnsafeStall.js";
import { phantomDeposit } from "./phantomDeposit.js";
import { polygon157 } from "./polygon157.js";
import { quietNight } from "./quietNight.js";
import { reorgAcrossExpiry } from "./reorgAcrossExpiry.js";
import { staleResume } from "./staleResume.js";
import { tamperedStateRoot } from "./tamperedStateRoot.js";
import { staleCollateral, withdrawnCollateral } from "./withdrawnCollateral.js";
import type { Scenario } from "./types.js";

/** Those that the demo plays on demand alone. The last two go over a day and more of chain time. */
export const FURTHER_SCENARIOS: readonly Scenario[] = [
  wrongConfigMajority,
  threeTruths,
  clientStateRoot,
  lbMixedRpc,
  depositIdReuse,
  invalidTransition,
  flapping,
  healthySoak(),
];

/** Every scenario, in the order of the demo: a short one first. */
export const SCENARIOS: readonly Scenario[] = [
  keeperKeyReuse,
  infuraMinorityFork,
  polygon157,
  beacon7,
  ethpowReplay,
  tamperedStateRoot,
  phantomDeposit,
  withdrawnCollateral,
  staleCollateral,
  reorgAcrossExpiry,
  finalityStall,
  arbOutage,
  staleResume,
  quietNight,
  opUnsafeStall,
  marketIsolation,
  honestRedemption,
  phantomMessage,
  dbRollback,
  insolventTotal,
  ...FURTHER_SCENARIOS,
];

export { healthySoak };
export * from "./types.js";
