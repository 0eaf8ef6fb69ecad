<?php
/* A small shop: every sale is printed once, whatever fails in between. Needs PHP 8.1 with the extension curl.

shop.php sell NAME PRICE VAT               store a sale and print its receipt
shop.php resume                            ask about every open sale: whenever your program starts
shop.php decide KEY WHO printed NUMBER     undecided: a person has found the receipt
shop.php decide KEY WHO not_printed        undecided: a person has found no receipt

Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet. */

declare(strict_types=1);

define('SOCKET', getenv('FISCALD_SOCKET') ?: '/run/fiscald/fiscald.sock');
define('SALES', getenv('SHOP_SALES') ?: 'sales.jsonl');             // the shop's database
define('PRINTER', getenv('SHOP_PRINTER') ?: 'till1');
const WAIT = 3;      // seconds until fiscald answers "not yet": the cashier learns soon that there is no paper
define('TIMEOUT', (int) (getenv('SHOP_TIMEOUT') ?: 15));            // seconds; more than WAIT
const PAUSES = [0.5, 1, 2, 4];                   // seconds before the same question again
const NO_ANSWER = [0, 408, 429, 500, 503];       // the outcome is unknown: ask again with the same key
const FINAL_STATES = ['done', 'failed', 'refused'];

// -- the shop's database: the last line of a key counts ---------------------------------------------------------

/** Returns when the record is on the disk: after a power cut it must be there. */
function store(array $record): void
{
    // The first newline ends what an earlier crash may have left unfinished.
    $line = "\n" . json_encode($record, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR) . "\n";
    $file = fopen(SALES, 'a');
    if ($file === false || fwrite($file, $line) !== strlen($line) || !fflush($file) || !fsync($file)) {
        throw new RuntimeException('cannot store the sale in ' . SALES);
    }
    fclose($file);
}

/** Every sale by its key. */
function sales(): array
{
    $found = [];
    foreach (is_file(SALES) ? file(SALES) : [] as $line) {
        $record = json_decode($line, true);
        if (is_array($record)) {                 // an unfinished one was never submitted
            $found[$record['key']] = array_merge($found[$record['key']] ?? [], $record);
        }
    }
    return $found;
}

// -- fiscald ------------------------------------------------------------------------------------------------------

/** One request: status and answer. The status is 0 if there is no answer, or one that is not fiscald's. */
function call(string $method, string $path, array $body): array
{
    $curl = curl_init('http://localhost' . $path);
    curl_setopt_array($curl, [
        CURLOPT_UNIX_SOCKET_PATH => SOCKET,
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
        CURLOPT_POSTFIELDS => json_encode($body, JSON_THROW_ON_ERROR),
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => TIMEOUT,
    ]);
    $text = curl_exec($curl);
    $answer = is_string($text) ? json_decode($text, true) : null;
    return is_array($answer) ? [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $answer] : [0, []];
}

/** The same request until there is an answer. The key makes that safe: nothing is printed twice. */
function ask(string $method, string $path, array $body): array
{
    foreach (PAUSES as $pause) {
        [$status, $answer] = call($method, $path, $body);
        if (!in_array($status, NO_ANSWER, true)) {
            return [$status, $answer];
        }
        echo "Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż.\n";
        usleep((int) ($pause * 1e6));
    }
    return call($method, $path, $body);
}

/** Asks for a receipt until the answer is final. */
function submit(string $key, array $document): int
{
    $shown = '';
    while (true) {
        $path = '/v1/jobs/' . rawurlencode($key) . '?wait=' . WAIT;
        [$status, $answer] = ask('PUT', $path, ['printer' => PRINTER, 'document' => $document]);
        if (!in_array($answer['state'] ?? '', ['accepted', 'running'], true)) {
            return tell($key, $status, $answer);
        }
        $waiting = $answer['waiting']['detail_pl'] ?? '';           // no paper, printer off
        if ($waiting !== '' && $waiting !== $shown) {
            echo "Czekam: $waiting\n";
            $shown = $waiting;
        }
    }
}

/** Shows the cashier what became of the sale, and stores it if it is final. */
function tell(string $key, int $status, array $answer): int
{
    if (in_array($status, NO_ANSWER, true)) {
        echo "Wynik nie jest jeszcze znany. Zapytaj później: resume\n";
        return 6;
    }
    if ($status >= 400) {
        echo "Odmowa: {$answer['detail_pl']}\n";
        fwrite(STDERR, $answer['detail'] . "\n");   // for the developer: which field, and what to send instead
        if ($answer['document'] !== 'not_printed') {    // this request did nothing, but an earlier one may have printed
            return 6;
        }
        store(['key' => $key, 'state' => 'refused']);
        return 5;
    }
    if ($answer['state'] === 'done') {
        $number = $answer['result']['number'];
        store(['key' => $key, 'state' => 'done', 'number' => $number]);
        echo "Wydrukowano paragon nr $number\n";
        return 0;
    }
    if ($answer['state'] === 'failed') {            // the corrected receipt is a new sale with a new key
        store(['key' => $key, 'state' => 'failed']);
        echo "Nie wydrukowano: {$answer['error']['detail_pl']}\n";
        return 1;
    }
    // Undecided: the printer itself does not know. Only a person who looks at the paper can say.
    echo "Nie wiadomo, czy paragon się wydrukował: {$answer['error']['detail_pl']}\n";
    foreach ($answer['document']['lines'] as $line) {
        echo "Szukaj na papierze: {$line['name']} {$line['price']}, około {$answer['created_at']}\n";
    }
    echo "Jest taki paragon:      decide $key KTO printed NUMER\n";
    echo "Nie ma takiego paragonu: decide $key KTO not_printed\n";
    return 3;
}

// -- the till -----------------------------------------------------------------------------------------------------

/** One sale. */
function sell(string $name, string $price, string $vat): int
{
    $key = 'sale-' . bin2hex(random_bytes(16));     // made with the sale; an invoice number is as good
    $document = ['type' => 'receipt', 'lines' => [['name' => $name, 'price' => $price, 'vat' => $vat]]];
    store(['key' => $key, 'document' => $document]);    // before the first request: after a crash, resume asks with this key
    return submit($key, $document);
}

/** Asks about every sale that has no final answer; the worst result counts. */
function resume(): int
{
    $worst = 0;
    foreach (sales() as $key => $sale) {
        if (!in_array($sale['state'] ?? '', FINAL_STATES, true)) {
            $worst = max($worst, submit((string) $key, $sale['document']));
        }
    }
    return $worst;
}

/** What a person found on the paper of an undecided sale. */
function decide(string $key, string $who, string $verdict, ?string $number = null): int
{
    $decision = ['verdict' => $verdict, 'by' => $who] + ($number === null ? [] : ['number' => (int) $number]);
    return tell($key, ...ask('POST', '/v1/jobs/' . rawurlencode($key) . '/resolution', $decision));
}

function usage(): int
{
    fwrite(STDERR, "sell NAME PRICE VAT | resume | decide KEY WHO printed NUMBER | decide KEY WHO not_printed\n");
    return 2;
}

$words = array_slice($argv, 1);
exit(match (true) {
    ($words[0] ?? '') === 'sell' && count($words) === 4 => sell($words[1], $words[2], $words[3]),
    $words === ['resume'] => resume(),
    ($words[0] ?? '') === 'decide' && count($words) === 5 && $words[3] === 'printed' && ctype_digit($words[4])
        => decide($words[1], $words[2], 'printed', $words[4]),
    ($words[0] ?? '') === 'decide' && count($words) === 4 && $words[3] === 'not_printed'
        => decide($words[1], $words[2], 'not_printed'),
    default => usage(),
});
