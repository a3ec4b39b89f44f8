// A bot on telegraf, with long polling. What it sees of the API goes to standard output, one JSON object a line.
import { createHash } from "node:crypto";
import { Markup, Telegraf, TelegramError } from "telegraf";
import { message } from "telegraf/filters";

const [url, token] = process.argv.slice(2);
const report = (line) => console.log(JSON.stringify(line));
const bot = new Telegraf(token, { telegram: { apiRoot: url } });

const refusal = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    if (!(error instanceof TelegramError)) throw error;
    return { code: error.code, description: error.description, ...error.parameters };
  }
};

bot.command("buttons", (ctx) =>
  ctx.reply("choose", Markup.inlineKeyboard([
    Markup.button.callback("同意", "ok:1"), Markup.button.url("look", "https://example.com"),
  ])));
bot.command("limited", async (ctx) => {
  report({ step: "limited", refusal: await refusal(() => ctx.reply("too fast")) });
  await ctx.reply("in time");
});
bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup(["one", "two"].map((name) =>
    ({ type: "document", media: { source: Buffer.from(name), filename: `${name}.txt` }, caption: name }))));
bot.command("stop", async (ctx) => {
  await ctx.reply("bye");
  bot.stop();
});
bot.on("callback_query", async (ctx) => {
  await ctx.answerCbQuery(`pressed ${ctx.callbackQuery.data}`, { show_alert: true });
  await ctx.editMessageText("<b>chosen</b>", { parse_mode: "HTML" });
  report({ step: "edit again", refusal: await refusal(() => ctx.editMessageText("<b>chosen</b>", { parse_mode: "HTML" })) });
});
bot.on(message("photo"), async (ctx) => {
  const link = await ctx.telegram.getFileLink(ctx.message.photo.at(-1).file_id);
  const data = Buffer.from(await (await fetch(link)).arrayBuffer());
  report({ step: "photo", size: data.length, sha256: createHash("sha256").update(data).digest("hex") });
  await ctx.replyWithPhoto({ source: data }, { caption: "back" });
});
bot.on(message("text"), (ctx) =>
  ctx.reply(`echo ${ctx.message.text}`, { reply_parameters: { message_id: ctx.message.message_id } }));

const me = await bot.telegram.getMe();
report({ step: "me", username: me.username, is_bot: me.is_bot });
await bot.launch();
