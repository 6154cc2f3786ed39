/** The server that is no process: its tools are goals, and calling one starts a run. */
export const goalServer = 'goals'

/** The tool that undoes the run of a sub-goal. */
export const undoRun = 'undo_run'
