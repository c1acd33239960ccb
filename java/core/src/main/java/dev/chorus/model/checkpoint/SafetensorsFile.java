package dev.chorus.model.checkpoint;

import dev.chorus.text.FolderFile;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A file of tensors in the safetensors format. Opening reads and checks the header; tensors are then either mapped, which
 * costs no memory of their own, or read into a tensor that is there already, converted on the way.
 *
 * <p>The file must stay as it is while it is open or a mapped tensor lives: one that is cut short under a mapping ends
 * the process, as with every memory-mapped file. Replacing it by a rename is harmless once it is mapped.
 *
 * <p>Thread-safe, closing aside.
 */
public final class SafetensorsFile implements AutoCloseable {
    /** Bytes that are on their way through memory while a tensor is read. */
    private static final int STAGED = 4 << 20;

    private final Path path;
    private final FileChannel channel;
    private final SafetensorsHeader header;

    /** The whole file as bytes, uint8 [size]; null until the first tensor is mapped. */
    private Tensor mapping;

    private boolean closed;

    private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header) {
        this.path = path;
        this.channel = channel;
        this.header = header;
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws CheckpointException if the file cannot be read or breaks the format; names the tensor
     */
    public static SafetensorsFile open(Path path) {
        FileChannel channel = null;
        try {
            String problem = FolderFile.exists(path) ? FolderFile.problem(path, Long.MAX_VALUE) : "";
            if (!problem.isEmpty()) {
                throw new CheckpointException(path, problem);
            }
            channel = FileChannel.open(path, StandardOpenOption.READ);
            SafetensorsFile file = new SafetensorsFile(path, channel, SafetensorsHeader.read(path, channel));
            channel = null;
            return file;
        } catch (NoSuchFileException e) {
            throw new CheckpointException(path, "is not there", e);
        } catch (IOException e) {
            throw unreadable(path, e);
        } finally {
            close(channel);
        }
    }

    /** Where the file lies, as it was given. */
    public Path path() {
        return path;
    }

    /** All tensors by name, in the order of their data. */
    public Map<String, SafetensorsEntry> entries() {
        return header.entries();
    }

    /** The header's own words, such as {@code format: pt}. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /**
     * One tensor's description.
     *
     * @throws CheckpointException if there is none of this name
     */
    public SafetensorsEntry entry(String name) {
        SafetensorsEntry entry = header.entries().get(name);
        if (entry == null) {
            throw new CheckpointException(
                    path,
                    "has no tensor '" + name + "' among its " + header.entries().size());
        }
        return entry;
    }

    /**
     * A tensor over the mapped file, of the stored type and shape, in the caller's scope. Pages come into memory when they are
     * looked at and the system may drop them again. Writing to it changes the process's copy of a page, never the file. The
     * mapping goes when this object is closed and the last such tensor is freed.
     *
     * <p>Data that do not begin at a multiple of their element size are copied instead.
     *
     * @return CPU, contiguous, without gradient
     * @throws CheckpointException   if there is no such tensor, it is no weight, or the system does not map the file
     * @throws IllegalStateException if this object is closed
     */
    public Tensor mapped(String name) {
        SafetensorsEntry entry = weight(name);
        TensorOptions options = new TensorOptions(entry.type().scalarType());
        if (entry.bytes() == 0 || entry.offset() % entry.type().bytesPerElement() != 0) {
            Tensor copy = torch.empty(entry.shape(), options, null);
            read(entry, copy);
            return copy;
        }
        return mapping()
                .narrow(0, entry.offset(), entry.bytes())
                .view(entry.type().scalarType())
                .view(entry.shape());
    }

    /**
     * Reads a tensor into one that is there already, rounded to nearest if its type is the narrower. No more than 4 MiB are held
     * beside it; without conversion nothing is.
     *
     * @param destination float32 or bfloat16, CPU, contiguous, of the stored shape; overwritten, in part if reading fails
     * @throws CheckpointException      if there is no such tensor, it is no weight, its shape is another, or it cannot be read
     * @throws IllegalArgumentException if the destination is of another type, not contiguous or not on the CPU
     * @throws IllegalStateException    if this object is closed
     */
    public void readInto(String name, Tensor destination) {
        SafetensorsEntry entry = weight(name);
        long[] shape = Tensors.shape(destination);
        if (!Arrays.equals(shape, entry.shape())) {
            throw new CheckpointException(
                    path,
                    "tensor '" + name + "' has shape " + Arrays.toString(entry.shape()) + ", asked for "
                            + Arrays.toString(shape));
        }
        ScalarType type = destination.scalar_type().intern();
        if ((type != ScalarType.Float && type != ScalarType.BFloat16)
                || !destination.is_cpu()
                || !destination.is_contiguous()) {
            throw new IllegalArgumentException("destination of '" + name
                    + "': expected a contiguous float32 or bfloat16 tensor on the CPU, got " + type
                    + (destination.is_cpu() ? "" : ", not on the CPU")
                    + (destination.is_contiguous() ? "" : ", not contiguous"));
        }
        read(entry, destination);
    }

    /**
     * Some elements of a tensor as float32, rounded to nearest if they are F64; in the caller's scope.
     *
     * @param from  first element, row-major
     * @param count how many, at least 1
     * @return [count] on the CPU
     * @throws CheckpointException   if there is no such tensor, it is no weight, or it cannot be read
     * @throws IllegalStateException if this object is closed
     */
    public Tensor range(String name, long from, long count) {
        SafetensorsEntry entry = weight(name);
        requireOpen();
        if (from < 0 || count < 1 || from > entry.elements() - count) {
            throw new IllegalArgumentException(
                    "elements " + from + " to " + (from + count) + " of '" + name + "', it has " + entry.elements());
        }
        int size = entry.type().bytesPerElement();
        try (TensorOptions options = new TensorOptions(entry.type().scalarType())) {
            Tensor staged = torch.empty(new long[] {count}, options, null);
            TensorBytes.read(channel, entry.offset() + from * size, staged, count * size);
            return staged.to(ScalarType.Float);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private SafetensorsEntry weight(String name) {
        SafetensorsEntry entry = entry(name);
        if (!entry.type().isWeight()) {
            throw new CheckpointException(
                    path,
                    "tensor '" + name + "' has dtype " + entry.type() + ", which is no weight's; supported: "
                            + StoredType.WEIGHTS);
        }
        return entry;
    }

    private synchronized Tensor mapping() {
        requireOpen();
        if (mapping == null) {
            try (Scope scope = new Scope()) {
                // LibTorch passes the bytes on to open(2), so they are those that the JVM opens the file by.
                Charset names = Charset.forName(System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name()));
                mapping = scope.release(torch.from_file(
                        new BytePointer(path.toString(), names),
                        new BoolOptional(false),
                        new LongOptional(channel.size()),
                        new TensorOptions(ScalarType.Byte)));
            } catch (IOException e) {
                throw unreadable(path, e);
            } catch (RuntimeException e) {
                throw new CheckpointException(
                        path,
                        "cannot be mapped into memory ("
                                + String.valueOf(e.getMessage())
                                        .lines()
                                        .findFirst()
                                        .orElse("")
                                + "); the system may refuse a file larger than its memory",
                        e);
            }
        }
        return mapping;
    }

    private void read(SafetensorsEntry entry, Tensor destination) {
        requireOpen();
        if (entry.bytes() == 0) {
            return;
        }
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            if (destination.scalar_type().intern() == entry.type().scalarType()) {
                TensorBytes.read(channel, entry.offset(), destination, entry.bytes());
            } else {
                convert(entry, destination.view(-1));
            }
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private void convert(SafetensorsEntry entry, Tensor destination) throws IOException {
        int size = entry.type().bytesPerElement();
        long elements = entry.elements();
        long most = Math.min(elements, STAGED / size);
        Tensor staged =
                torch.empty(new long[] {most}, new TensorOptions(entry.type().scalarType()), null);
        for (long from = 0; from < elements; from += most) {
            long count = Math.min(most, elements - from);
            try (Scope piece = new Scope()) {
                TensorBytes.read(channel, entry.offset() + from * size, staged, count * size);
                destination.narrow(0, from, count).copy_(staged.narrow(0, 0, count));
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    private static CheckpointException unreadable(Path path, IOException e) {
        return new CheckpointException(
                path, "cannot be read (" + e.getClass().getSimpleName() + ": " + e.getMessage() + ")", e);
    }

    private static void close(FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Lets go of the file; mapped tensors live on. */
    @Override
    public synchronized void close() {
        closed = true;
        if (mapping != null) {
            mapping.close();
            mapping = null;
        }
        close(channel);
    }
}
