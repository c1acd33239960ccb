package dev.chorus.text.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/** Tokenizer files that are nearly right: a function of a number, so that each can be made again. */
final class TokenizerMutations {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One part of every kind, as the library reads it; what stands in them is changed like the rest. */
    private static final List<String> PARTS = List.of(
            "{'type':'NFC'}",
            "{'type':'NFKC'}",
            "{'type':'NFKD'}",
            "{'type':'Lowercase'}",
            "{'type':'StripAccents'}",
            "{'type':'Nmt'}",
            "{'type':'Strip','strip_left':true,'strip_right':true}",
            "{'type':'Prepend','prepend':'▁'}",
            "{'type':'Replace','pattern':{'String':' '},'content':'▁'}",
            "{'type':'Replace','pattern':{'Regex':' {2,}'},'content':' '}",
            "{'type':'Replace','pattern':{'Regex':'.'},'content':'xx'}",
            "{'type':'Replace','pattern':{'String':'a'},'content':''}",
            "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,'strip_accents':null,'lowercase':true}",
            "{'type':'Precompiled','precompiled_charsmap':'CHARSMAP'}",
            "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'}]}",
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}",
            "{'type':'BertPreTokenizer'}",
            "{'type':'Whitespace'}",
            "{'type':'WhitespaceSplit'}",
            "{'type':'Punctuation','behavior':'Isolated'}",
            "{'type':'Digits','individual_digits':true}",
            "{'type':'UnicodeScripts'}",
            "{'type':'FixedLength','length':3}",
            "{'type':'CharDelimiterSplit','delimiter':'-'}",
            "{'type':'Metaspace','replacement':'▁','prepend_scheme':'first','split':true}",
            "{'type':'Split','pattern':{'Regex':'\\\\p{N}{1,3}| ?\\\\p{L}+'},'behavior':'Isolated','invert':false}",
            "{'type':'Split','pattern':{'String':'a'},'behavior':'MergedWithNext','invert':true}",
            "{'type':'Sequence','pretokenizers':[{'type':'Digits','individual_digits':false},{'type':'Whitespace'}]}",
            "{'type':'BertProcessing','sep':['</s>',2],'cls':['<s>',0]}",
            "{'type':'RobertaProcessing','sep':['</s>',2],'cls':['<s>',0],'trim_offsets':true,'add_prefix_space':true}",
            "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<s>','type_id':0}},"
                    + "{'Sequence':{'id':'A','type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},"
                    + "{'Sequence':{'id':'B','type_id':1}}],'special_tokens':{'<s>':{'id':'<s>','ids':[1],'tokens':['<s>']}}}",
            "{'type':'Sequence','processors':[{'type':'ByteLevel'}]}",
            "{'type':'Strip','content':'a','start':1,'stop':0}",
            "{'type':'Metaspace','replacement':'▁','prepend_scheme':'first','split':true}",
            "{'type':'Replace','pattern':{'String':'▁'},'content':' '}",
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}",
            "{'type':'BPEDecoder','suffix':'</w>'}",
            "{'type':'WordPiece','prefix':'##','cleanup':true}",
            "{'type':'CTC','pad_token':'<pad>','word_delimiter_token':'|','cleanup':true}",
            "{'type':'ByteFallback'}",
            "{'type':'Fuse'}",
            "{'type':'Sequence','decoders':[{'type':'ByteFallback'},{'type':'Fuse'}]}");

    private static final List<String> SLOTS = List.of("normalizer", "pre_tokenizer", "post_processor", "decoder");

    /** Where in the list the parts of a slot begin. */
    private static final List<Integer> FIRST_PART = List.of(0, 16, 28, 32, PARTS.size());

    private static final List<String> MODELS = List.of(
            "{'type':'Unigram','unk_id':0,'vocab':[['<unk>',0],['▁',-1.5],['a',-2],['b',-2.5],['ab',-1],['<0x41>',-9]],"
                    + "'byte_fallback':false}",
            "{'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':'##','max_input_chars_per_word':100,"
                    + "'vocab':{'[UNK]':0,'a':1,'##b':2,'hello':3,'##é':4}}",
            "{'type':'WordLevel','unk_token':'[UNK]','vocab':{'[UNK]':0,'hello':1,'a':2}}",
            "{'type':'BPE','dropout':null,'unk_token':'<unk>','continuing_subword_prefix':'##','end_of_word_suffix':'</w>',"
                    + "'fuse_unk':true,'byte_fallback':true,'vocab':{'<unk>':0,'a':1,'##b':2,'ab':3,'##b</w>':4,'ab</w>':5},"
                    + "'merges':[['a','##b'],'a ##b</w>']}");

    private static final List<String> WORDS = List.of(
            "",
            " ",
            "a",
            "A",
            "B",
            "é",
            "▁",
            "😀",
            "\u0000",
            "\ud800",
            "\udc00x",
            "Infinity",
            "/etc/passwd",
            "<s>",
            "[UNK]",
            ".*",
            "\\s*",
            "a|",
            "(a+)+$",
            "(?=a)",
            "(a|b)*",
            "[",
            "\\",
            "(?i:a)",
            "a{1,99999}",
            "\\p{L}",
            "^",
            "##",
            "</w>",
            "Isolated",
            "Removed",
            "Contiguous",
            "MergedWithPrevious",
            "always",
            "never",
            "first",
            "//////8=",
            "AAAA",
            "CHARSMAP");

    private final List<ObjectNode> bases = new ArrayList<>();
    private final String charsmap = charsmap();

    /** Over the tokenizers of these folders. */
    TokenizerMutations(List<Path> folders) throws IOException {
        for (Path folder : folders) {
            bases.add((ObjectNode) JSON.readTree(Files.readAllBytes(folder.resolve("tokenizer.json"))));
        }
        for (String model : MODELS) {
            ObjectNode base = JSON.createObjectNode().put("version", "1.0");
            base.putArray("added_tokens");
            SLOTS.forEach(base::putNull);
            base.set("model", read(model));
            bases.add(base);
        }
    }

    /** A file: one of the bases with one to four changes, in its structure or in its bytes. */
    byte[] file(long number) {
        Random random = new Random(number * 0x9E3779B97F4A7C15L + 1);
        ObjectNode root = bases.get(random.nextInt(bases.size())).deepCopy();
        if (random.nextInt(4) == 0) {
            root.set("model", read(MODELS.get(random.nextInt(MODELS.size()))));
        }
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            change(root, random);
        }
        byte[] bytes = root.toString().replace("CHARSMAP", charsmap).getBytes(StandardCharsets.UTF_8);
        return random.nextInt(12) == 0 ? changed(bytes, random) : bytes;
    }

    private void change(ObjectNode root, Random random) {
        if (random.nextInt(3) == 0) {
            int slot = random.nextInt(SLOTS.size());
            // Mostly a part that belongs there.
            int from = random.nextInt(8) == 0 ? 0 : FIRST_PART.get(slot);
            int to = from == 0 && slot > 0 ? PARTS.size() : FIRST_PART.get(slot + 1);
            root.set(SLOTS.get(slot), read(PARTS.get(from + random.nextInt(to - from))));
            return;
        }
        // Most of a file is vocabulary, and most of its dangers are elsewhere.
        List<ContainerNode<?>> places = new ArrayList<>();
        collect(root, places, random.nextInt(10) == 0);
        ContainerNode<?> place = places.get(random.nextInt(places.size()));
        if (place instanceof ObjectNode object) {
            List<String> keys = new ArrayList<>();
            object.fieldNames().forEachRemaining(keys::add);
            if (keys.isEmpty()) {
                return;
            }
            String key = keys.get(random.nextInt(keys.size()));
            switch (random.nextInt(6)) {
                case 0 -> object.remove(key);
                case 1 -> object.set(word(random), object.remove(key));
                case 2 ->
                    object.set(
                            key,
                            object.get(keys.get(random.nextInt(keys.size()))).deepCopy());
                default -> object.set(key, value(object.get(key), random));
            }
        } else if (place instanceof ArrayNode array && !array.isEmpty()) {
            int index = random.nextInt(array.size());
            switch (random.nextInt(5)) {
                case 0 -> array.remove(index);
                case 1 ->
                    array.insert(index, array.get(random.nextInt(array.size())).deepCopy());
                default -> array.set(index, value(array.get(index), random));
            }
        }
    }

    private static void collect(JsonNode node, List<ContainerNode<?>> places, boolean vocabulary) {
        if (!(node instanceof ContainerNode<?> container)) {
            return;
        }
        places.add(container);
        if (container instanceof ObjectNode object) {
            object.properties().forEach(entry -> {
                boolean large = entry.getValue().size() > 20;
                if (!large || vocabulary) {
                    collect(entry.getValue(), places, vocabulary);
                }
            });
        } else {
            container.forEach(each -> collect(each, places, vocabulary));
        }
    }

    private JsonNode value(JsonNode before, Random random) {
        if (before.isTextual() && random.nextInt(3) == 0) {
            return JSON.getNodeFactory().textNode(edited(before.textValue(), random));
        }
        return switch (random.nextInt(12)) {
            case 0 -> JSON.getNodeFactory().nullNode();
            case 1 -> JSON.getNodeFactory().booleanNode(random.nextBoolean());
            case 2 -> JSON.getNodeFactory().numberNode(random.nextInt(8) - 2);
            case 3 -> JSON.getNodeFactory().numberNode(1L << random.nextInt(63));
            case 4 -> JSON.getNodeFactory().numberNode(random.nextGaussian() * 1e3);
            case 5 -> JSON.createArrayNode();
            case 6 -> JSON.createObjectNode();
            case 7, 8 -> read(PARTS.get(random.nextInt(PARTS.size())));
            default -> JSON.getNodeFactory().textNode(word(random));
        };
    }

    private static String edited(String text, Random random) {
        String piece = WORDS.get(random.nextInt(WORDS.size()));
        int at = text.isEmpty() ? 0 : random.nextInt(text.length());
        return switch (random.nextInt(3)) {
            case 0 -> text.substring(0, at) + piece + text.substring(at);
            case 1 -> text.substring(at);
            default -> text + text;
        };
    }

    private static String word(Random random) {
        return random.nextInt(40) == 0 ? "a".repeat(5000) : WORDS.get(random.nextInt(WORDS.size()));
    }

    private static byte[] changed(byte[] bytes, Random random) {
        byte[] out = bytes.clone();
        int at = random.nextInt(out.length);
        switch (random.nextInt(3)) {
            case 0 -> out[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> out = Arrays.copyOf(out, at);
            default -> {
                int count = Math.min(random.nextInt(50), out.length - at);
                System.arraycopy(out, random.nextInt(out.length - count + 1), out, at, count);
            }
        }
        return out;
    }

    private static JsonNode read(String json) {
        try {
            return JSON.readTree(json.replace('\'', '"'));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A trie of two blocks that makes a of A. */
    static String charsmap() {
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * 512 + 2).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, 4 * 512);
        bytes.putInt(4, 256 << 10);
        bytes.putInt(4 + 4 * (256 ^ 'A'), ('A' ^ 256 ^ 1) << 10 | 1 << 8 | 'A');
        bytes.putInt(4 + 4, 1 << 31);
        bytes.put(4 + 4 * 512, (byte) 'a');
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
