// Closes a run: every skipped test with its reason, then one plain line that counts.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const SKIPS = path.join(__dirname, '..', '..', 'dist', '.skipped-tests.jsonl');

/** Jest reporter. Reasons come from `needs()` in test/support/needs.ts, which appends one line per skipped group. */
module.exports = class ClosingLines {
  onRunStart() {
    fs.rmSync(SKIPS, { force: true });
  }

  onRunComplete(_contexts, results) {
    if (fs.existsSync(SKIPS)) {
      const reasons = new Set(fs.readFileSync(SKIPS, 'utf8').trim().split('\n').map((line) => {
        const { title, reason } = JSON.parse(line);
        return `skipped: ${title}: ${reason}`;
      }));
      for (const reason of reasons) process.stdout.write(`${reason}\n`);
    }
    const failedToRun = results.testResults.filter((r) => r.testExecError).length;
    const failed = results.numFailedTests + failedToRun;
    process.stdout.write(`${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests + results.numTodoTests} skipped\n`);
  }
};
