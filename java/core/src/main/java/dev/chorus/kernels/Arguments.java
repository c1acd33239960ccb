package dev.chorus.kernels;

import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;

/**
 * The native struct of a function's arguments, one for each thread that calls it: to allocate one for each call would cost more
 * than many a small call does. The functions of the host and of a GPU take the same.
 */
final class Arguments<T extends Pointer> {
    private final ThreadLocal<T> structs;
    private final int bytes;

    /** @param constructor of the struct, such as {@code chorus_evidential_args::new} */
    Arguments(Supplier<T> constructor) {
        // The scope of the first call must not free it.
        structs = ThreadLocal.withInitial(() -> constructor.get().retainReference());
        bytes = structs.get().sizeof();
    }

    /** The calling thread's, all zeros and nulls, good until the thread's next call of the function. */
    T cleared() {
        T struct = structs.get();
        Pointer.memset(struct, 0, bytes);
        return struct;
    }
}
