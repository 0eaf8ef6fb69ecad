/* A small shop: every sale is printed once, whatever fails in between. No package: .NET Framework 4.7.2, Mono 6, .NET 6.

Shop sell NAME PRICE VAT               store a sale and print its receipt
Shop resume                            ask about every open sale: whenever your program starts
Shop decide KEY WHO printed NUMBER     undecided: a person has found the receipt
Shop decide KEY WHO not_printed        undecided: a person has found no receipt

Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet. */

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using Json = System.Collections.Generic.Dictionary<string, object>;

static class Shop {
    // From another computer: TLS and a token. On fiscald's own computer .NET can use its Unix socket instead.
    static readonly string Socket = Setting("FISCALD_SOCKET", "");
    static readonly string Url = Socket != "" ? "http://localhost" : Setting("FISCALD_URL", "https://127.0.0.1:8443");
    static readonly string Token = Setting("FISCALD_TOKEN", "");
    static readonly string Fingerprint = Setting("FISCALD_FINGERPRINT", "").Replace("sha256:", "").Replace(":", "");
    static readonly string Sales = Setting("SHOP_SALES", "sales.jsonl");    // the shop's database
    static readonly string Printer = Setting("SHOP_PRINTER", "till1");
    const int Wait = 3;     // seconds until fiscald answers "not yet": the cashier learns soon that there is no paper
    static readonly int Timeout = int.Parse(Setting("SHOP_TIMEOUT", "15"));     // seconds; more than Wait
    static readonly int[] Pauses = { 500, 1000, 2000, 4000 };       // milliseconds before the same question again
    static readonly int[] NoAnswer = { 0, 408, 429, 500, 503 };     // the outcome is unknown: ask again with the same key
    static readonly string[] Final = { "done", "failed", "refused" };

    static string Setting(string name, string otherwise) {
        var value = Environment.GetEnvironmentVariable(name);
        return string.IsNullOrEmpty(value) ? otherwise : value;
    }

    // -- the shop's database: the last line of a key counts -----------------------------------------------------

    /// Returns when the record is on the disk: after a power cut it must be there.
    static void Store(Json record) {
        using (var file = new FileStream(Sales, FileMode.Append)) {
            // The first newline ends what an earlier crash may have left unfinished.
            var data = Encoding.UTF8.GetBytes("\n" + Text.Write(record) + "\n");
            file.Write(data, 0, data.Length);
            file.Flush(true);
        }
    }

    /// Every sale by its key.
    static Dictionary<string, Json> StoredSales() {
        var found = new Dictionary<string, Json>();
        foreach (var line in File.Exists(Sales) ? File.ReadAllLines(Sales) : new string[0]) {
            var record = Text.Read(line);
            if (record == null) continue;       // unfinished, so never submitted
            var key = (string)record["key"];
            if (!found.ContainsKey(key)) found[key] = new Json();
            foreach (var member in record) found[key][member.Key] = member.Value;
        }
        return found;
    }

    // -- fiscald --------------------------------------------------------------------------------------------------

    static readonly HttpClient Http = MakeClient();

    static HttpClient MakeClient() {
        HttpMessageHandler handler;
        if (Socket != "") {
#if NET
            handler = new SocketsHttpHandler {
                ConnectCallback = async (_, cancel) => {
                    var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix,
                        System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
                    await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(Socket), cancel);
                    return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
                }
            };
#else
            throw new PlatformNotSupportedException("a Unix socket needs .NET 6: use FISCALD_URL and FISCALD_TOKEN");
#endif
        } else {
            // Trusts this one certificate, whatever it says; without a fingerprint, those of an authority.
            var network = new HttpClientHandler { UseProxy = false };
            if (Fingerprint != "") network.ServerCertificateCustomValidationCallback = (_, certificate, _1, _2) => {
                using (var hash = SHA256.Create()) {
                    var seen = BitConverter.ToString(hash.ComputeHash(certificate.RawData)).Replace("-", "");
                    return seen.Equals(Fingerprint, StringComparison.OrdinalIgnoreCase);
                }
            };
            handler = network;
        }
        var http = new HttpClient(handler) { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromSeconds(Timeout) };
        if (Token != "") http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return http;
    }

    /// One request: status and answer. The status is 0 if there is no answer, or one that is not fiscald's.
    static (int, Json) Call(HttpMethod method, string path, Json body) {
        try {
            var request = new HttpRequestMessage(method, path) {
                Content = new StringContent(Text.Write(body), Encoding.UTF8, "application/json")
            };
            using (var response = Http.SendAsync(request).GetAwaiter().GetResult()) {
                var answer = Text.Read(response.Content.ReadAsStringAsync().GetAwaiter().GetResult());
                return answer == null ? (0, new Json()) : ((int)response.StatusCode, answer);
            }
        } catch (Exception error) when (error is HttpRequestException || error is OperationCanceledException || error is IOException) {
            return (0, new Json());
        }
    }

    /// The same request until there is an answer. The key makes that safe: nothing is printed twice.
    static (int, Json) Ask(HttpMethod method, string path, Json body) {
        foreach (var pause in Pauses) {
            var (status, answer) = Call(method, path, body);
            if (!NoAnswer.Contains(status)) return (status, answer);
            Console.WriteLine("Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż.");
            Thread.Sleep(pause);
        }
        return Call(method, path, body);
    }

    /// Asks for a receipt until the answer is final.
    static int Submit(string key, object document) {
        var shown = "";
        while (true) {
            var path = $"/v1/jobs/{Uri.EscapeDataString(key)}?wait={Wait}";
            var (status, answer) = Ask(HttpMethod.Put, path, new Json { ["printer"] = Printer, ["document"] = document });
            if (!new[] { "accepted", "running" }.Contains(Text.Of(answer, "state"))) return Tell(key, status, answer);
            var waiting = Text.Of(answer, "waiting", "detail_pl");      // no paper, printer off
            if (waiting != "" && waiting != shown) {
                Console.WriteLine($"Czekam: {waiting}");
                shown = waiting;
            }
        }
    }

    /// Shows the cashier what became of the sale, and stores it if it is final.
    static int Tell(string key, int status, Json answer) {
        if (NoAnswer.Contains(status)) {
            Console.WriteLine("Wynik nie jest jeszcze znany. Zapytaj później: resume");
            return 6;
        }
        if (status >= 400) {
            Console.WriteLine($"Odmowa: {Text.Of(answer, "detail_pl")}");
            Console.Error.WriteLine(Text.Of(answer, "detail"));     // for the developer: which field, and what to send instead
            if (Text.Of(answer, "document") != "not_printed") return 6;     // an earlier request may have printed
            Store(new Json { ["key"] = key, ["state"] = "refused" });
            return 5;
        }
        if (Text.Of(answer, "state") == "done") {
            var number = ((Json)answer["result"])["number"];
            Store(new Json { ["key"] = key, ["state"] = "done", ["number"] = number });
            Console.WriteLine($"Wydrukowano paragon nr {number}");
            return 0;
        }
        if (Text.Of(answer, "state") == "failed") {         // the corrected receipt is a new sale with a new key
            Store(new Json { ["key"] = key, ["state"] = "failed" });
            Console.WriteLine($"Nie wydrukowano: {Text.Of(answer, "error", "detail_pl")}");
            return 1;
        }
        // Undecided: the printer itself does not know. Only a person who looks at the paper can say.
        Console.WriteLine($"Nie wiadomo, czy paragon się wydrukował: {Text.Of(answer, "error", "detail_pl")}");
        foreach (Json line in (IEnumerable<object>)((Json)answer["document"])["lines"]) {
            Console.WriteLine($"Szukaj na papierze: {line["name"]} {line["price"]}, około {answer["created_at"]}");
        }
        Console.WriteLine($"Jest taki paragon:      decide {key} KTO printed NUMER");
        Console.WriteLine($"Nie ma takiego paragonu: decide {key} KTO not_printed");
        return 3;
    }

    // -- the till -------------------------------------------------------------------------------------------------

    /// One sale.
    static int Sell(string name, string price, string vat) {
        var key = $"sale-{Guid.NewGuid()}";     // made with the sale; an invoice number is as good
        var line = new Json { ["name"] = name, ["price"] = price, ["vat"] = vat };
        var document = new Json { ["type"] = "receipt", ["lines"] = new object[] { line } };
        Store(new Json { ["key"] = key, ["document"] = document });     // before the first request: after a crash, resume asks with this key
        return Submit(key, document);
    }

    /// Asks about every sale that has no final answer; the worst result counts.
    static int Resume() {
        var worst = 0;
        foreach (var sale in StoredSales()) {
            if (!Final.Contains(Text.Of(sale.Value, "state"))) worst = Math.Max(worst, Submit(sale.Key, sale.Value["document"]));
        }
        return worst;
    }

    /// What a person found on the paper of an undecided sale.
    static int Decide(string key, Json decision) {
        var (status, answer) = Ask(HttpMethod.Post, $"/v1/jobs/{Uri.EscapeDataString(key)}/resolution", decision);
        return Tell(key, status, answer);
    }

    static int Main(string[] words) {
        Console.OutputEncoding = new UTF8Encoding(false);
        var verb = words.Length == 0 ? "" : words[0];
        if (verb == "sell" && words.Length == 4) return Sell(words[1], words[2], words[3]);
        if (verb == "resume" && words.Length == 1) return Resume();
        if (verb == "decide" && words.Length == 5 && words[3] == "printed" && int.TryParse(words[4], out var number)) {
            return Decide(words[1], new Json { ["verdict"] = "printed", ["by"] = words[2], ["number"] = number });
        }
        if (verb == "decide" && words.Length == 4 && words[3] == "not_printed") {
            return Decide(words[1], new Json { ["verdict"] = "not_printed", ["by"] = words[2] });
        }
        Console.Error.WriteLine("sell NAME PRICE VAT | resume | decide KEY WHO printed NUMBER | decide KEY WHO not_printed");
        return 2;
    }
}
