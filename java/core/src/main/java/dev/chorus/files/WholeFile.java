package dev.chorus.files;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that ends whole or not at all: what is written goes to a temporary file beside the target, and {@link #commit} forces it
 * to disk and puts it in the target's place in one step. Closing without it leaves the target as it was.
 *
 * <ul>
 *   <li>A symbolic link is followed: the file it leads to is written, and the link stays.
 *   <li>A pipe, a terminal or another character device is written into directly; nothing is put in its place. A directory, a
 *       socket or a disk is refused.
 *   <li>Without leave to replace, a file that is there is refused, and so is one that appears before the commit.
 *   <li>A replaced file's permissions are kept.
 *   <li>Every error names the target. What a killed process left of this target is removed by the next that writes it.
 * </ul>
 *
 * <p>For one thread.
 */
public final class WholeFile implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WholeFile.class);
    private static final String SUFFIX = ".unfinished";

    /** Bytes of a target's name that go into its temporary's; file systems end at 255. */
    private static final int LONGEST_NAME = 180;

    private static final int RANDOM = 8;
    private static final int MOST_LINKS = 40;

    /** What this process writes: its own locks say nothing to itself. */
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    private final Path named;
    private final Path target;
    private final boolean replace;
    private final Path temporary;
    private final FileChannel channel;

    /** Held so that it is not collected, which would free it; null where the file system has no locks. */
    private final FileLock lock;

    private boolean open = true;

    private WholeFile(Path named, Path target, boolean replace, Path temporary, FileChannel channel, FileLock lock) {
        this.named = named;
        this.target = target;
        this.replace = replace;
        this.temporary = temporary;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Finds out, before any work, whether a file can be written: looks at what is there, makes a temporary file beside it, and
     * removes that again.
     *
     * @throws FileAlreadyExistsException if it is there and not to be replaced
     * @throws NoSuchFileException        if its folder is not there
     * @throws UnusableTargetException    if another path has to be chosen
     * @throws FileSystemException        if it may not or cannot be written
     */
    public static void check(Path file, boolean replace) throws IOException {
        if (isWrittenDirectly(file)) {
            if (!Files.isWritable(file)) {
                throw new AccessDeniedException(file.toString());
            }
        } else {
            begin(file, replace).close();
        }
    }

    /**
     * Begins a file.
     *
     * @param replace what is there may be replaced
     * @throws FileAlreadyExistsException if it is there and not to be replaced
     * @throws NoSuchFileException        if its folder is not there
     * @throws UnusableTargetException    if another path has to be chosen
     * @throws FileSystemException        if it may not or cannot be written
     */
    public static WholeFile begin(Path file, boolean replace) throws IOException {
        try {
            if (isWrittenDirectly(file)) {
                return new WholeFile(file, file, true, null, FileChannel.open(file, WRITE), null);
            }
            Path target = target(file, replace);
            clear(target);
            for (int attempt = 0; attempt < 10; attempt++) {
                Path temporary = target.resolveSibling(
                        prefix(target) + UUID.randomUUID().toString().substring(0, RANDOM) + SUFFIX);
                OURS.add(temporary);
                FileChannel channel = FileChannel.open(temporary, CREATE_NEW, WRITE);
                // The lock says that somebody still writes. One who clears may have come between the two lines.
                FileLock lock = lock(channel);
                if (Files.exists(temporary)) {
                    return new WholeFile(file, target, replace, temporary, channel, lock);
                }
                channel.close();
                OURS.remove(temporary);
            }
            throw new UnusableTargetException(file, "others keep removing what is written beside it");
        } catch (UnusableTargetException | FileAlreadyExistsException | NoSuchFileException e) {
            throw e;
        } catch (IOException e) {
            throw FileFault.of(file, e);
        }
    }

    /** Writes a small file whole. */
    public static void write(Path file, byte[] content, boolean replace) throws IOException {
        try (WholeFile whole = begin(file, replace)) {
            whole.write(ByteBuffer.wrap(content));
            whole.commit();
        }
    }

    /** Adds bytes. */
    public void write(ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw FileFault.of(named, e);
        }
    }

    /** A stream without a buffer that adds bytes; closing it does nothing. */
    public OutputStream stream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int count) throws IOException {
                WholeFile.this.write(ByteBuffer.wrap(bytes, from, count));
            }
        };
    }

    /** The temporary file, to be written at the end by whoever needs a channel; its errors do not name the target. */
    public FileChannel channel() {
        return channel;
    }

    /**
     * Puts the file in its place. If that fails, nothing is left.
     *
     * @throws FileAlreadyExistsException if a file has appeared there that is not to be replaced
     */
    public void commit() throws IOException {
        try {
            if (temporary == null) {
                return;
            }
            keepPermissions();
            channel.force(true);
            if (replace) {
                rename();
            } else {
                placeUnlessThere();
            }
            Durable.force(target.getParent());
        } catch (FileAlreadyExistsException e) {
            throw new FileAlreadyExistsException(
                    named.toString(), null, "appeared while its content was made, and is left as it is");
        } catch (IOException e) {
            throw FileFault.of(named, e);
        } finally {
            close();
        }
    }

    /** Removes what was written, unless it is in its place. */
    @Override
    public void close() throws IOException {
        if (open) {
            open = false;
            if (temporary != null) {
                // Gone already where the commit has renamed it.
                Files.deleteIfExists(temporary);
                OURS.remove(temporary);
            }
            if (lock != null) {
                lock.release();
            }
            channel.close();
        }
    }

    private void rename() throws IOException {
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void placeUnlessThere() throws IOException {
        try {
            // A link fails where a name exists; a rename would replace it.
            Files.createLink(target, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // A file system without links: look, then rename.
            Files.move(temporary, target);
            return;
        }
        Files.delete(temporary);
    }

    private void keepPermissions() throws IOException {
        if (replace && Files.exists(target)) {
            PosixFileAttributeView old = Files.getFileAttributeView(target, PosixFileAttributeView.class);
            PosixFileAttributeView now = Files.getFileAttributeView(temporary, PosixFileAttributeView.class);
            if (old != null && now != null) {
                now.setPermissions(old.readAttributes().permissions());
            }
        }
    }

    private static boolean isWrittenDirectly(Path file) throws IOException {
        try {
            FileKind kind = FileKind.of(file);
            return kind == FileKind.PIPE || kind == FileKind.CHARACTER_DEVICE;
        } catch (IOException e) {
            throw FileFault.of(file, e);
        }
    }

    /** Where the links of a path lead, checked. */
    private static Path target(Path file, boolean replace) throws IOException {
        Path target = file.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MOST_LINKS) {
                throw new UnusableTargetException(file, "is a link that leads back to itself");
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        if (target.getFileName() == null || target.getParent() == null) {
            throw new UnusableTargetException(file, "is a directory");
        }
        FileKind kind = FileKind.of(target);
        if (kind == FileKind.DIRECTORY) {
            throw new UnusableTargetException(file, "is a directory");
        }
        if (kind != FileKind.REGULAR && kind != FileKind.MISSING) {
            throw new UnusableTargetException(file, "is " + kind.words() + ", which cannot be written as a file");
        }
        if (!Files.isDirectory(target.getParent())) {
            String link = target.equals(file.toAbsolutePath()) ? "" : "is a link to " + target + ": ";
            throw new NoSuchFileException(file.toString(), null, link + "its folder does not exist");
        }
        if (kind == FileKind.REGULAR && !replace) {
            throw new FileAlreadyExistsException(file.toString(), null, "already exists");
        }
        if (kind == FileKind.REGULAR && !Files.isWritable(target)) {
            throw new AccessDeniedException(file.toString());
        }
        return target;
    }

    /** Removes what killed processes have left of this target: a file that still is being written is locked. */
    private static void clear(Path target) {
        String prefix = prefix(target);
        int length = prefix.length() + RANDOM + SUFFIX.length();
        try (DirectoryStream<Path> folder = Files.newDirectoryStream(target.getParent())) {
            for (Path path : folder) {
                String name = path.getFileName().toString();
                if (name.startsWith(prefix) && name.endsWith(SUFFIX) && name.length() == length) {
                    clearOne(path);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            log.debug("what is left beside {} cannot be looked for", target, e);
        }
    }

    private static void clearOne(Path path) {
        if (OURS.contains(path) || !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(path, WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | OverlappingFileLockException e) {
            log.debug("{} is left: it is somebody else's, or locks do not work here", path, e);
        }
    }

    private static FileLock lock(FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (IOException | OverlappingFileLockException e) {
            log.debug("no lock on a temporary file", e);
            return null;
        }
    }

    private static String prefix(Path target) {
        String name = target.getFileName().toString();
        boolean fits = name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME;
        return "." + (fits ? name : "long-" + Integer.toHexString(name.hashCode())) + ".";
    }
}
