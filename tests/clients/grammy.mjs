// A bot on grammY, with long polling. What it sees of the API goes to standard output, one JSON object a line.
import { createHash } from "node:crypto";
import { Bot, GrammyError, InlineKeyboard, InputFile } from "grammy";

const [url, token] = process.argv.slice(2);
const report = (line) => console.log(JSON.stringify(line));
const bot = new Bot(token, { client: { apiRoot: url } });

const refusal = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    return { code: error.error_code, description: error.description, ...error.parameters };
  }
};

bot.command("buttons", (ctx) =>
  ctx.reply("choose", { reply_markup: new InlineKeyboard().text("同意", "ok:1").url("look", "https://example.com") }));
bot.command("limited", async (ctx) => {
  report({ step: "limited", refusal: await refusal(() => ctx.reply("too fast")) });
  await ctx.reply("in time");
});
bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup(["one", "two"].map((name) =>
    ({ type: "document", media: new InputFile(Buffer.from(name), `${name}.txt`), caption: name }))));
bot.command("stop", async (ctx) => {
  await ctx.reply("bye");
  await bot.stop();
});
bot.on("callback_query:data", async (ctx) => {
  await ctx.answerCallbackQuery({ text: `pressed ${ctx.callbackQuery.data}`, show_alert: true });
  await ctx.editMessageText("<b>chosen</b>", { parse_mode: "HTML" });
  report({ step: "edit again", refusal: await refusal(() => ctx.editMessageText("<b>chosen</b>", { parse_mode: "HTML" })) });
});
bot.on("message:photo", async (ctx) => {
  const file = await ctx.getFile();
  const data = Buffer.from(await (await fetch(`${url}/file/bot${token}/${file.file_path}`)).arrayBuffer());
  report({ step: "photo", size: data.length, sha256: createHash("sha256").update(data).digest("hex") });
  await ctx.replyWithPhoto(new InputFile(data, "back.png"), { caption: "back" });
});
bot.on("message:text", (ctx) => ctx.reply(`echo ${ctx.message.text}`, { reply_parameters: { message_id: ctx.msg.message_id } }));

const me = await bot.api.getMe();
report({ step: "me", username: me.username, is_bot: me.is_bot });
await bot.start();
