CREATE TABLE "samples_daily" (
	"subject" uuid NOT NULL,
	"day" timestamp with time zone NOT NULL,
	"slots" smallint[] NOT NULL,
	"lows" smallint[] NOT NULL,
	"means" smallint[] NOT NULL,
	"highs" smallint[] NOT NULL,
	CONSTRAINT "samples_daily_subject_day_pk" PRIMARY KEY("subject","day")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE TABLE "samples_fresh" (
	"subject" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"figures" real[] NOT NULL,
	CONSTRAINT "samples_fresh_subject_at_pk" PRIMARY KEY("subject","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "samples_hourly" (
	"subject" uuid NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"minutes" smallint[] NOT NULL,
	"codes" smallint[] NOT NULL,
	CONSTRAINT "samples_hourly_subject_hour_pk" PRIMARY KEY("subject","hour")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "is_sampled" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "cpus" integer;--> statement-breakpoint
-- Compressed where that helps, and beside its row: a chart reads every one it finds.
ALTER TABLE "samples_hourly" ALTER COLUMN "codes" SET STORAGE MAIN;--> statement-breakpoint
-- A figure in two bytes, within 0.05 % (near zero within 0.0005), up to 10^14 either way; the least smallint stands for what is not known.
CREATE FUNCTION sample_code(figure double precision) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  select case when figure is null then -32768 else greatest(-32767, least(32767, sign(figure) * round(1000 * ln(1 + abs(figure)))))  end::smallint
$$;--> statement-breakpoint
CREATE FUNCTION sample_value(code smallint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  select case when code <> -32768 then sign(code::float8) * (exp(abs(code::float8) / 1000) - 1) end
$$;
