package dev.chorus.text.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * SentencePiece's table of normalisations ({@code precompiled_charsmap}): the length of a double-array trie in bytes (little
 * endian), the trie, and the replacements, each ended by a zero byte. The library follows its numbers unchecked, and a wrong one
 * ends the process, so every place that any text can lead to is visited here.
 */
final class Charsmap {
    private static final int LARGEST = 4 << 20;

    private final ByteBuffer units;
    private final int count;
    private final byte[] replacements;

    private Charsmap(ByteBuffer units, int count, byte[] replacements) {
        this.units = units;
        this.count = count;
        this.replacements = replacements;
    }

    /** Characters of the longest replacement; throws where the table is damaged. */
    static int longestReplacement(Part part) {
        String text = part.text();
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw part.problem("is not base64");
        }
        if (bytes.length < Integer.BYTES || bytes.length > LARGEST) {
            throw part.problem("a table of " + bytes.length + " bytes, expected 4 to " + LARGEST);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long size = Integer.toUnsignedLong(buffer.getInt());
        if (size % Integer.BYTES != 0 || size == 0 || size > buffer.remaining()) {
            throw part.problem("the trie claims " + size + " bytes, there are " + buffer.remaining());
        }
        ByteBuffer units = buffer.slice(Integer.BYTES, (int) size).order(ByteOrder.LITTLE_ENDIAN);
        byte[] replacements = new byte[buffer.remaining() - (int) size];
        buffer.position(Integer.BYTES + (int) size).get(replacements);
        CharBuffer decoded;
        try {
            decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(replacements));
        } catch (CharacterCodingException e) {
            throw part.problem("the replacements are not UTF-8");
        }
        new Charsmap(units, (int) size / Integer.BYTES, replacements).visit(part);
        int longest = 1;
        int length = 0;
        for (int i = 0; i < decoded.length(); i++) {
            length = decoded.charAt(i) == 0 ? 0 : length + 1;
            longest = Math.max(longest, length);
        }
        return longest;
    }

    /** Every node that bytes other than 0 lead to. */
    private void visit(Part part) {
        Deque<Integer> open = new ArrayDeque<>();
        BitSet seen = new BitSet(count);
        int root = offset(units.getInt(0));
        open.add(root);
        while (!open.isEmpty()) {
            int base = open.remove();
            for (int c = 1; c < 256; c++) {
                int place = base ^ c;
                if (place < 0 || place >= count) {
                    throw part.problem("the trie leads to unit " + Integer.toUnsignedLong(place) + " of " + count);
                }
                int unit = units.getInt(Integer.BYTES * place);
                if ((unit & 0x800000ff) != c || seen.get(place)) {
                    continue;
                }
                seen.set(place);
                int next = place ^ offset(unit);
                if ((unit >>> 8 & 1) == 1) {
                    leaf(part, next);
                }
                open.add(next);
            }
        }
    }

    private void leaf(Part part, int place) {
        if (place < 0 || place >= count) {
            throw part.problem("the trie has a leaf at unit " + Integer.toUnsignedLong(place) + " of " + count);
        }
        int start = units.getInt(Integer.BYTES * place) & 0x7fffffff;
        boolean inside = start < replacements.length && (replacements[start] & 0xc0) != 0x80;
        if (!inside && start != replacements.length) {
            throw part.problem("the trie names a replacement at byte " + start + " of " + replacements.length);
        }
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }
}
