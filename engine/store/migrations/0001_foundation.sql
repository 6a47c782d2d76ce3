-- The first schema. Hashes are sha256 hex of blobs; times are Unix milliseconds.
PRAGMA application_id = 0x504c6f6d;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    preset TEXT NOT NULL,
    spec_json TEXT NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT NOT NULL,
    stage TEXT NOT NULL,
    cloned_from INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL
);

-- Append-only. run 0 = about no run, so it cannot be a foreign key.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    run INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    payload BLOB NOT NULL
);

CREATE TABLE assets (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

CREATE TABLE module_versions (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    module TEXT NOT NULL,
    version INTEGER NOT NULL,
    hash TEXT NOT NULL,
    momentum_hash TEXT NOT NULL,
    PRIMARY KEY (run, stage, module, version)
) WITHOUT ROWID;

-- The primary key is what makes an outer contribution count exactly once.
CREATE TABLE contributions (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    module TEXT NOT NULL,
    phase INTEGER NOT NULL,
    path INTEGER NOT NULL,
    delta_hash TEXT NOT NULL,
    PRIMARY KEY (run, stage, module, phase, path)
) WITHOUT ROWID;

CREATE TABLE task_commits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL UNIQUE,
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    path INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    result BLOB NOT NULL,
    time_ms INTEGER NOT NULL
);
CREATE INDEX task_commits_by_run ON task_commits (run, id);

CREATE TABLE checkpoints (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    path INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    step INTEGER NOT NULL,
    inner_state_hash TEXT NOT NULL,
    PRIMARY KEY (run, stage, path)
) WITHOUT ROWID;

CREATE TABLE train_points (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    path INTEGER NOT NULL,
    step INTEGER NOT NULL,
    loss REAL NOT NULL,
    PRIMARY KEY (run, stage, path, step)
) WITHOUT ROWID;

CREATE TABLE valid_points (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    path INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    step INTEGER NOT NULL,
    nll REAL NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (run, path, phase)
) WITHOUT ROWID;

CREATE TABLE evals (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    split TEXT NOT NULL,
    route TEXT NOT NULL,
    result_json TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (run, split, route)
) WITHOUT ROWID;

-- Results of tasks that other runs may ask for again, by a key over everything that decides them.
CREATE TABLE memo (
    key TEXT PRIMARY KEY,
    result BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE workers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instance TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    isa TEXT NOT NULL,
    local INTEGER NOT NULL,
    joined_ms INTEGER NOT NULL,
    gone_ms INTEGER NOT NULL,
    gone_reason TEXT NOT NULL
);

CREATE TABLE corpora (
    name TEXT PRIMARY KEY,
    record_json TEXT NOT NULL,
    tokens_hash TEXT NOT NULL,
    bytes_hash TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    documents_hash TEXT NOT NULL,
    tokenizer_hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Numbers that only grow, also over restarts: "fence".
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
