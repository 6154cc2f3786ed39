/** What every process of one launch inherits: one without it is none of ours. */
export const markVariable = 'REMIT_LAUNCH'
