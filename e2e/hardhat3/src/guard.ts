// #region config
import { defineGuardConfig } from "settlement-guard";

// What cannot work is refused here, with the line and the reason. Depths and ages are in blocks, times in seconds.
export const { scopes } = defineGuardConfig({
  chains: { 31337: { keeperLatency: 60 } },
  scopes: {
    "ETH-PERP": {
      chain: 31337,
      minDepth: 2,
      maxAge: 64,
      gap: 900,
      staleFor: 600,
      graceFor: 1_800,
      exitsFor: 86_400,
    },
  },
});
// #endregion config
