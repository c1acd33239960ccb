package dev.chorus.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Moves bytes between files and the memory of tensors. A direct buffer lies over that memory, so there is no copy between,
 * and goes on from piece to piece, for a buffer ends at 2 GiB.
 */
final class TensorBytes {
    private static final long PIECE = 64 << 20;

    private TensorBytes() {}

    /** Work on one piece, to be done completely. */
    private interface Transfer {
        void run(ByteBuffer buffer, long done) throws IOException;
    }

    /** Fills the first bytes of a contiguous CPU tensor from a place in a file. */
    static void read(FileChannel channel, long position, Tensor tensor, long bytes) throws IOException {
        pieces(tensor, bytes, (buffer, done) -> SafetensorsHeader.readFully(channel, position + done, buffer));
    }

    /** Appends a contiguous CPU tensor to a file. */
    static void append(FileChannel channel, Tensor tensor, long bytes) throws IOException {
        pieces(tensor, bytes, (buffer, done) -> {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        });
    }

    private static void pieces(Tensor tensor, long bytes, Transfer transfer) throws IOException {
        try (BytePointer memory = new BytePointer(tensor.data_ptr())) {
            for (long done = 0; done < bytes; done += PIECE) {
                memory.position(done).limit(Math.min(bytes, done + PIECE));
                transfer.run(memory.asByteBuffer(), done);
            }
        }
    }
}
