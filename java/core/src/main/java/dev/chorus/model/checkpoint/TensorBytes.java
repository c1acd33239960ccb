package dev.chorus.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Moves bytes between files and the memory of tensors. Direct buffers lie over that memory, piece by piece, so there is no
 * copy between.
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
        for (long done = 0; done < bytes; done += PIECE) {
            transfer.run(over(tensor, done, Math.min(PIECE, bytes - done)), done);
        }
    }

    /** A buffer over some bytes of a contiguous CPU tensor; good for as long as the tensor. */
    static ByteBuffer over(Tensor tensor, long from, long count) {
        // The address is moved: JavaCPP makes buffers from where a pointer begins, and those stop at 2 GiB without a
        // word.
        ByteBuffer buffer = new BytePointer(tensor.data_ptr())
                .getPointer(from)
                .capacity(count)
                .asByteBuffer();
        if (buffer.remaining() != count) {
            throw new IllegalStateException("a buffer of " + buffer.remaining() + " bytes, expected " + count);
        }
        return buffer;
    }
}
