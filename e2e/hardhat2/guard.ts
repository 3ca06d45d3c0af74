import { defineGuardConfig } from "settlement-guard";

export const { scopes } = defineGuardConfig({
  chains: { 31337: { keeperLatency: 60 } },
  scopes: {
    "ETH-CALL": {
      chain: 31337,
      minDepth: 1,
      maxAge: 256,
      gap: 900,
      staleFor: 600,
      graceFor: 1_800,
      exitsFor: 86_400,
    },
  },
});
