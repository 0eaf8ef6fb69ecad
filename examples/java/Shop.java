/* A small shop: every sale is printed once, whatever fails in between. Needs Java 17 and Gson, because Java has no JSON.

Shop sell NAME PRICE VAT               store a sale and print its receipt
Shop resume                            ask about every open sale: whenever your program starts
Shop decide KEY WHO printed NUMBER     undecided: a person has found the receipt
Shop decide KEY WHO not_printed        undecided: a person has found no receipt

Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet. */

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

public final class Shop {
    // Java's HTTP client knows no Unix sockets: fiscald listens on 127.0.0.1, and the shop has a token.
    static final String URL = setting("FISCALD_URL", "http://127.0.0.1:8443");
    static final String TOKEN = setting("FISCALD_TOKEN", "");
    static final Path SALES = Path.of(setting("SHOP_SALES", "sales.jsonl")); // the shop's database
    static final String PRINTER = setting("SHOP_PRINTER", "till1");
    static final int WAIT = 3; // seconds until fiscald answers "not yet": the cashier learns soon that there is no paper
    static final Duration TIMEOUT = Duration.ofSeconds(Long.parseLong(setting("SHOP_TIMEOUT", "15"))); // more than WAIT
    static final List<Integer> PAUSES = List.of(500, 1000, 2000, 4000); // milliseconds before the same question again
    static final List<Integer> NO_ANSWER = List.of(0, 408, 429, 500, 503); // the outcome is unknown: ask again with the same key
    static final List<String> FINAL = List.of("done", "failed", "refused");

    static final Gson GSON = new Gson();
    static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    static final PrintStream CASHIER = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    record Answer(int status, JsonObject body) {}

    static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    // -- the shop's database: the last line of a key counts -----------------------------------------------------

    /** Returns when the record is on the disk: after a power cut it must be there. */
    static void store(Map<String, Object> record) throws IOException {
        // The first newline ends what an earlier crash may have left unfinished.
        ByteBuffer data = StandardCharsets.UTF_8.encode("\n" + GSON.toJson(record) + "\n");
        try (FileChannel file = FileChannel.open(SALES, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (data.hasRemaining()) file.write(data);
            file.force(true);
        }
    }

    /** Every sale by its key. */
    static Map<String, JsonObject> sales() throws IOException {
        Map<String, JsonObject> found = new LinkedHashMap<>();
        String text = Files.exists(SALES) ? new String(Files.readAllBytes(SALES), StandardCharsets.UTF_8) : "";
        for (String line : text.split("\n")) {
            JsonObject record;
            try {
                record = GSON.fromJson(line, JsonObject.class);
            } catch (JsonParseException unfinished) { // so it was never submitted
                continue;
            }
            if (record == null) continue;
            JsonObject sale = found.computeIfAbsent(record.get("key").getAsString(), key -> new JsonObject());
            record.entrySet().forEach(each -> sale.add(each.getKey(), each.getValue()));
        }
        return found;
    }

    // -- fiscald --------------------------------------------------------------------------------------------------

    /** One request. The status is 0 if there is no answer, or one that is not fiscald's. */
    static Answer call(String method, String path, Object body) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(URL + path))
            .header("Authorization", "Bearer " + TOKEN)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(GSON.toJson(body)))
            .timeout(TIMEOUT)
            .build();
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), GSON.fromJson(response.body(), JsonObject.class));
        } catch (IOException | JsonParseException lost) {
            return new Answer(0, new JsonObject());
        }
    }

    /** The same request until there is an answer. The key makes that safe: nothing is printed twice. */
    static Answer ask(String method, String path, Object body) throws InterruptedException {
        for (int pause : PAUSES) {
            Answer answer = call(method, path, body);
            if (!NO_ANSWER.contains(answer.status)) return answer;
            CASHIER.println("Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż.");
            Thread.sleep(pause);
        }
        return call(method, path, body);
    }

    /** Asks for a receipt until the answer is final. */
    static int submit(String key, Object document) throws IOException, InterruptedException {
        String shown = "";
        while (true) {
            String path = "/v1/jobs/" + encoded(key) + "?wait=" + WAIT;
            Answer answer = ask("PUT", path, Map.of("printer", PRINTER, "document", document));
            if (!List.of("accepted", "running").contains(text(answer.body, "state"))) return tell(key, answer);
            String waiting = text(answer.body.get("waiting"), "detail_pl"); // no paper, printer off
            if (!waiting.isEmpty() && !waiting.equals(shown)) {
                CASHIER.println("Czekam: " + waiting);
                shown = waiting;
            }
        }
    }

    /** Shows the cashier what became of the sale, and stores it if it is final. */
    static int tell(String key, Answer answer) throws IOException {
        JsonObject body = answer.body;
        if (NO_ANSWER.contains(answer.status)) {
            CASHIER.println("Wynik nie jest jeszcze znany. Zapytaj później: resume");
            return 6;
        }
        if (answer.status >= 400) {
            CASHIER.println("Odmowa: " + text(body, "detail_pl"));
            System.err.println(text(body, "detail")); // for the developer: which field, and what to send instead
            if (!text(body, "document").equals("not_printed")) return 6; // an earlier request may have printed
            store(Map.of("key", key, "state", "refused"));
            return 5;
        }
        if (text(body, "state").equals("done")) {
            int number = body.getAsJsonObject("result").get("number").getAsInt();
            store(Map.of("key", key, "state", "done", "number", number));
            CASHIER.println("Wydrukowano paragon nr " + number);
            return 0;
        }
        if (text(body, "state").equals("failed")) { // the corrected receipt is a new sale with a new key
            store(Map.of("key", key, "state", "failed"));
            CASHIER.println("Nie wydrukowano: " + text(body.get("error"), "detail_pl"));
            return 1;
        }
        // Undecided: the printer itself does not know. Only a person who looks at the paper can say.
        CASHIER.println("Nie wiadomo, czy paragon się wydrukował: " + text(body.get("error"), "detail_pl"));
        JsonArray lines = body.getAsJsonObject("document").getAsJsonArray("lines");
        for (JsonElement line : lines) {
            String what = text(line, "name") + " " + text(line, "price");
            CASHIER.println("Szukaj na papierze: " + what + ", około " + text(body, "created_at"));
        }
        CASHIER.println("Jest taki paragon:      decide " + key + " KTO printed NUMER");
        CASHIER.println("Nie ma takiego paragonu: decide " + key + " KTO not_printed");
        return 3;
    }

    /** A member that is a text; empty if there is none. */
    static String text(JsonElement object, String name) {
        JsonElement value = object != null && object.isJsonObject() ? object.getAsJsonObject().get(name) : null;
        return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
    }

    static String encoded(String key) {
        return URLEncoder.encode(key, StandardCharsets.UTF_8); // a key has no space, which would become a plus
    }

    // -- the till -------------------------------------------------------------------------------------------------

    /** One sale. */
    static int sell(String name, String price, String vat) throws IOException, InterruptedException {
        String key = "sale-" + UUID.randomUUID(); // made with the sale; an invoice number is as good
        Map<String, Object> document =
            Map.of("type", "receipt", "lines", List.of(Map.of("name", name, "price", price, "vat", vat)));
        store(Map.of("key", key, "document", document)); // before the first request: after a crash, resume asks with this key
        return submit(key, document);
    }

    /** Asks about every sale that has no final answer; the worst result counts. */
    static int resume() throws IOException, InterruptedException {
        int worst = 0;
        for (Map.Entry<String, JsonObject> sale : sales().entrySet()) {
            if (!FINAL.contains(text(sale.getValue(), "state"))) {
                worst = Math.max(worst, submit(sale.getKey(), sale.getValue().get("document")));
            }
        }
        return worst;
    }

    /** What a person found on the paper of an undecided sale. */
    static int decide(String key, Map<String, Object> decision) throws IOException, InterruptedException {
        return tell(key, ask("POST", "/v1/jobs/" + encoded(key) + "/resolution", decision));
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        String verb = words.length == 0 ? "" : words[0];
        if (verb.equals("sell") && words.length == 4) {
            System.exit(sell(words[1], words[2], words[3]));
        } else if (verb.equals("resume") && words.length == 1) {
            System.exit(resume());
        } else if (verb.equals("decide") && words.length == 5 && words[3].equals("printed") && words[4].matches("[0-9]{1,9}")) {
            System.exit(decide(words[1], Map.of("verdict", "printed", "by", words[2], "number", Integer.valueOf(words[4]))));
        } else if (verb.equals("decide") && words.length == 4 && words[3].equals("not_printed")) {
            System.exit(decide(words[1], Map.of("verdict", "not_printed", "by", words[2])));
        }
        System.err.println("sell NAME PRICE VAT | resume | decide KEY WHO printed NUMBER | decide KEY WHO not_printed");
        System.exit(2);
    }
}
