package dev.chorus.testing;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Prints how many tests tagged {@code cuda} ran and how many were skipped, so that a build without a GPU says what it left out. */
public final class CudaTestCount implements TestExecutionListener {
    private static final TestTag CUDA = TestTag.create("cuda");

    private final AtomicInteger ran = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        if (counts(test)) {
            skipped.incrementAndGet();
        }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (counts(test)) {
            (result.getStatus() == TestExecutionResult.Status.ABORTED ? skipped : ran).incrementAndGet();
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        if (ran.get() + skipped.get() > 0) {
            System.out.printf(
                    "tests on a GPU (tag cuda): %d ran, %d skipped%s%n",
                    ran.get(), skipped.get(), skipped.get() == 0 ? "" : ", as there is none for LibTorch");
        }
    }

    private static boolean counts(TestIdentifier test) {
        return test.isTest() && test.getTags().contains(CUDA);
    }
}
