package dev.chorus.text.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What would end the native library, or feed it for ever, is refused by file and place. */
class DefinitionTest {
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures");
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Those that came out of fuzzing, each of which has ended the process.
                "normalizer | {'type':'Precompiled','precompiled_charsmap':'/////w=='} | normalizer.precompiled_charsmap: the trie claims 4294967295 bytes",
                "normalizer | {'type':'Replace','pattern':{'String':''},'content':'x'} | normalizer.pattern.String: an empty text",
                "post_processor | {'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'/etc/passwd','type_id':0}},{'Sequence':{'id':'A','type_id':0}}],'special_tokens':{}} | '/etc/passwd' is not declared",
                "post_processor | {'type':'TemplateProcessing','single':[{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'B','type_id':0}}],'special_tokens':{}} | 'B', expected [A], each once",
                "post_processor | {'type':'TemplateProcessing','single':[{'Sequence':{'id':'A','type_id':0}}],'special_tokens':{'z':{'id':'z','ids':[1,2],'tokens':['z']}}} | 2 ids and 1 tokens",
                "decoder | {'type':'\\ud800'} | decoder.type: holds half a character",
                "decoder | {'type':'ByteLevel','use_regex':'\\ud800'} | decoder.use_regex: holds half a character",
                "model.continuing_subword_prefix | \"Infinity\" | does not begin with continuing_subword_prefix",
                "model.merges | [['a','nowhere']] | model.merges[0]: 'nowhere' is not in the vocabulary",
                "model.merges | ['a b c'] | model.merges[0]: expected two tokens",
                // Their kin.
                "normalizer | {'type':'Replace','pattern':{'Regex':'a*'},'content':'x'} | a pattern that can match nothing",
                "normalizer | {'type':'Replace','pattern':{'Regex':'(a+)+$'},'content':'x'} | one repetition",
                "normalizer | {'type':'Prepend','prepend':''} | normalizer.prepend: an empty text",
                "normalizer | {'type':'Precompiled','precompiled_charsmap':'?'} | is not base64",
                "normalizer | {'type':'Shiny'} | normalizer.type: 'Shiny' is not known",
                "pre_tokenizer | {'type':'Split','pattern':{'String':''},'behavior':'Isolated','invert':false} | pre_tokenizer.pattern.String: an empty",
                "pre_tokenizer | {'type':'FixedLength','length':0} | pre_tokenizer.length: expected a whole number from 1",
                "pre_tokenizer | {'type':'Metaspace','replacement':'ab'} | expected one character",
                "decoder | {'type':'Strip','content':' ','start':0,'stop':1} | decoder.stop: characters are taken off the end",
                "decoder | {'type':'Replace','pattern':{'String':''},'content':'x'} | decoder.pattern.String: an empty text",
                "post_processor | {'type':'TemplateProcessing','single':[],'special_tokens':{}} | has no place for the text",
                "post_processor | {'type':'BertProcessing','sep':['x',-1],'cls':['y',0]} | post_processor.sep[1]: expected a whole number from 0",
                "added_tokens | [{'id':99999999999,'content':'x'}] | added_tokens[0].id: expected a whole number",
                "added_tokens | [{'id':3,'content':7}] | added_tokens[0].content: expected a text",
                "model | {'type':'Unigram','vocab':[['a',0]]} | model.unk_id: is missing",
                "model | {'type':'Unigram','vocab':[['a',0]],'unk_id':1} | model.unk_id: expected a whole number from 0 to 0",
                "model | {'type':'Unigram','vocab':[['a','b']],'unk_id':0} | model.vocab[0]: expected a token and its score",
                "model | {'type':'WordLevel','vocab':{'a':0},'unk_token':'x'} | model.unk_token: 'x' is not in the vocabulary",
                "model | {'type':'WordPiece','vocab':{'x':-1},'unk_token':'x'} | model.vocab.x: expected a whole number",
                "model | {'type':'WordPiece','vocab':{'x':0},'unk_token':'x','max_input_chars_per_word':999999999} | max_input_chars_per_word",
                "model | {'type':'BPE'} | it has no model.vocab",
            })
    void isRefusedByItsPlace(String place, String value, String problem) throws IOException {
        ObjectNode root = fixture("gpt2");
        String[] steps = place.split("\\.", -1);
        ObjectNode at = steps.length == 1 ? root : (ObjectNode) root.get(steps[0]);
        at.set(steps[steps.length - 1], JSON.readTree(value.replace('\'', '"')));
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Definition.check(root, "tokenizer.json"))
                .withMessageStartingWith("tokenizer.json: ")
                .withMessageContaining(problem);
    }

    static Stream<String> fixtures() {
        return Stream.of("gpt2", "opt", "gpt_neox", "bloom", "llama", "mistral", "qwen2");
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void publishedKindsPass(String family) throws IOException {
        assertThat(Definition.check(fixture(family), "tokenizer.json")).isBetween(1.0, 3.0);
    }

    /** Factors multiply along a sequence; a thousand is the limit. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'type':'NFKC'} | 18",
                "{'type':'Replace','pattern':{'Regex':'.'},'content':'xxxxx'} | 5",
                "{'type':'Replace','pattern':{'String':'abcd'},'content':'xx'} | 1",
                "{'type':'Sequence','normalizers':[{'type':'NFKD'},{'type':'Lowercase'},{'type':'Prepend','prepend':'▁'}]} | 72",
                "{'type':'Sequence','normalizers':[{'type':'NFKD'},{'type':'NFKD'},{'type':'NFD'}]} | 0",
            })
    void growthIsAProduct(String normalizer, double growth) throws IOException {
        ObjectNode root = fixture("llama");
        root.set("normalizer", JSON.readTree(normalizer.replace('\'', '"')));
        if (growth > 0) {
            assertThat(Definition.check(root, "t")).isEqualTo(growth);
        } else {
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> Definition.check(root, "t"))
                    .withMessage("t: normalizer: makes a text up to 1296 times as long, at most 1000 are allowed");
        }
    }

    private static ObjectNode fixture(String family) throws IOException {
        JsonNode root =
                JSON.readTree(Files.readAllBytes(FIXTURES.resolve(family).resolve("tokenizer.json")));
        return (ObjectNode) root;
    }
}
