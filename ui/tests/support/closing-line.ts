/** What failed, in full, and one closing line with the counts. */
import type { Reporter, TestModule, TestCase, TestSuite } from 'vitest/node';

export default class ClosingLine implements Reporter {
  private readonly started = Date.now();

  onTestRunEnd(modules: readonly TestModule[], errors: readonly { message: string; stack?: string }[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state]++;
        if (state === 'failed') this.show(test);
      }
      for (const error of module.errors()) {
        counts.failed++;
        console.error(`FAILED ${module.moduleId}\n${error.stack ?? error.message}\n`);
      }
    }
    for (const error of errors) {
      counts.failed++;
      console.error(`FAILED outside of a test\n${error.stack ?? error.message}\n`);
    }
    const seconds = ((Date.now() - this.started) / 1000).toFixed(1);
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    console.log(`ui: ${counts.passed} passed, ${counts.failed} failed${skipped} (${seconds} s)`);
  }

  private show(test: TestCase): void {
    const path: string[] = [test.name];
    for (let at: TestSuite | TestModule = test.parent; at.type === 'suite'; at = at.parent) path.unshift(at.name);
    console.error(`FAILED ${test.module.moduleId}: ${path.join(' › ')}`);
    for (const error of test.result().errors ?? []) console.error(`${error.diff ?? ''}\n${error.stack ?? error.message}\n`);
  }
}
