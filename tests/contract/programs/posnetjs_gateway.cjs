// Sells with posnetjs, as its own example does; the last line of output is what it was told.
"use strict";

const {
  BeepCommand,
  PaymentFormType,
  Posnet,
  StatusCommand,
  TransactionCencelCommand,
  TransactionInvoiceType,
  TransactionManager,
} = require("posnetjs/dist/posnet");

const path = process.argv[2];

// It looks for a printer on USB before it opens the port that it was told; a pseudo-terminal is none.
Posnet.getAvailableDevices = async () => [{ path }];

async function main() {
  const posnet = new Posnet({ path, baudRate: 9600 });
  await posnet.bootstrap();
  await posnet.execute(new BeepCommand());
  await posnet.execute(new TransactionCencelCommand());
  const before = await posnet.execute(new StatusCommand());
  const manager = new TransactionManager(posnet);
  const sale = (extra) => ({
    invoiceType: TransactionInvoiceType.SIMPLIFIED,
    products: [
      { name: "Wstep wakeboard", unitPrice: 10000, totalAmount: 20000, quantity: 2, vatRate: 1 },
      { name: "Kask", unitPrice: 6500, totalAmount: 6500, quantity: 1, vatRate: 0, discount: { total: 500 } },
    ],
    payments: [
      { value: 20000, type: PaymentFormType.CARD },
      { value: 6000, type: PaymentFormType.CASH },
    ],
    end: { total: 26000 },
    ...extra,
  });
  await manager.execute(sale({}));
  let refused = null;
  await manager.execute(sale({ end: { total: 1 } })).catch((error) => (refused = error.code));
  await posnet.execute(new TransactionCencelCommand());
  const after = await posnet.execute(new StatusCommand());
  process.stdout.write(JSON.stringify({ refused, open: [before.transactionMode, after.transactionMode] }));
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`${JSON.stringify(error)} ${error.stack ?? ""}`);
  process.exit(1);
});
