-- What it takes to do lost work again: the inner state a path's last phase began with stays beside the one it ended with.
CREATE TABLE checkpoints_by_phase (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    path INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    step INTEGER NOT NULL,
    inner_state_hash TEXT NOT NULL,
    PRIMARY KEY (run, stage, path, phase)
) WITHOUT ROWID;
INSERT INTO checkpoints_by_phase SELECT run, stage, path, phase, step, inner_state_hash FROM checkpoints;
DROP TABLE checkpoints;
ALTER TABLE checkpoints_by_phase RENAME TO checkpoints;

-- How long workers held the task: with it, goodput is the same before and after a restart. 0 = committed before this was kept.
ALTER TABLE task_commits ADD COLUMN leased_seconds REAL NOT NULL DEFAULT 0;
