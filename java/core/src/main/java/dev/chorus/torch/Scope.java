package dev.chorus.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * Owns every native object that its thread creates while it is the innermost open scope, and frees them on close.
 *
 * <pre>{@code
 * try (Scope step = new Scope()) {
 *     Tensor hidden = decoder.forward(batch);   // freed with the scope
 *     return step.release(hidden.mean());       // the caller's now
 * }
 * }</pre>
 *
 * <p>A scope belongs to the thread that opened it. Objects that outlive it are {@link #release}d and closed by their owner.
 */
public final class Scope implements AutoCloseable {
    private final PointerScope scope;
    private final List<Pointer> handedOver = new ArrayList<>(0);

    /** Opens a scope inside the calling thread's current one. */
    public Scope() {
        LibTorch.load();
        scope = new PointerScope();
    }

    /**
     * Takes an object out of this scope; the caller closes it.
     *
     * @return the same object
     */
    public <T extends Pointer> T release(T object) {
        // Detaching gives up the scope's reference, and with the last one the object is freed.
        object.retainReference();
        scope.detach(object);
        return object;
    }

    /**
     * Takes an object out of this scope; with the end of this one it belongs to the scope around it.
     *
     * @return the same object
     */
    public <T extends Pointer> T handOver(T object) {
        handedOver.add(release(object));
        return object;
    }

    /** Frees everything that is still in the scope. */
    @Override
    public void close() {
        scope.close();
        PointerScope around = PointerScope.getInnerScope();
        for (Pointer object : handedOver) {
            if (around != null) {
                around.attach(object);
                object.releaseReference();
            }
        }
    }
}
